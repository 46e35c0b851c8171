"""Early stopping beside a loop over plain Python floats."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.controllers import early_stopping

SCORES = st.lists(st.floats(-10, 10) | st.just(math.nan) | st.just(math.inf), min_size=1, max_size=60)


def ours(scores, patience, min_delta, dtype=torch.float64):
    hyper = early_stopping.Hyper(patience, min_delta)
    state, decisions = early_stopping.init(hyper), []
    for score in scores:
        state, decision = early_stopping.observe(state, torch.tensor(score, dtype=dtype), hyper)
        assert decision.lr_scale == 1
        decisions.append((decision.stop.item(), decision.keep.item()))
    return decisions, state


def plain(scores, patience, min_delta):
    best, waited, decisions = math.inf, 0, []
    for score in scores:
        keep = score < best - min_delta
        if keep:
            best, waited = score, 0
        else:
            waited += 1
        decisions.append((waited >= patience, keep))
    return decisions, best, waited


@given(SCORES, st.integers(1, 8), st.floats(0, 3))
def test_follows_plain_python(scores, patience, min_delta):
    decisions, state = ours(scores, patience, min_delta)
    expected, best, waited = plain(scores, patience, min_delta)
    assert decisions == expected and state.best == best and state.waited == waited


def test_stops_after_patience_evaluations_without_a_better_one():
    decisions, _ = ours([3.0, 2.0, 2.5, 2.0, 1.99, 2.0, 2.1, 1.99], 3.0, 0.0)
    assert [stop for stop, _ in decisions] == [False] * 7 + [True]
    assert [keep for _, keep in decisions] == [True, True, False, False, True, False, False, False]


def test_improvement_smaller_than_min_delta_does_not_count():
    decisions, state = ours([1.0, 0.95, 0.9, 0.85], 2.0, 0.1)
    assert [keep for _, keep in decisions] == [True, False, False, True] and state.best == 0.85


def test_score_in_float32_is_remembered_exactly():
    _, state = ours([0.1, 0.2], 5.0, 0.0, torch.float32)
    assert state.best == torch.tensor(0.1, dtype=torch.float32).double()


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=40), st.integers(-50, 50))
def test_level_of_the_scores_does_not_matter(scores, level):
    shifted, _ = ours([float(score + level) for score in scores], 4.0, 2.0)
    assert shifted == ours([float(score) for score in scores], 4.0, 2.0)[0]
