"""Reduce on plateau beside torch's ReduceLROnPlateau."""

import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from shoal.techniques.controllers import reduce_on_plateau

SCORES = st.lists(st.floats(0, 3) | st.just(math.nan) | st.just(math.inf), min_size=1, max_size=60)
STEADY = [1.0] * 40


def ours(scores, *hyper, dtype=torch.float64):
    state, scales = reduce_on_plateau.init(reduce_on_plateau.Hyper(*hyper)), []
    for score in scores:
        state, decision = reduce_on_plateau.observe(
            state, torch.tensor(score, dtype=dtype), reduce_on_plateau.Hyper(*hyper)
        )
        assert decision.keep and not decision.stop and state.scale == decision.lr_scale
        scales.append(decision.lr_scale.item())
    return scales, state


def witness(scores, factor, patience, threshold, cooldown, min_scale):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = ReduceLROnPlateau(
        optimizer,
        factor=factor,
        patience=patience,
        threshold=threshold,
        cooldown=cooldown,
        min_lr=min_scale,
        eps=0.0,
    )
    scales = []
    for score in scores:
        scheduler.step(score)
        scales.append(optimizer.param_groups[0]["lr"])
    return scales, scheduler.best


@settings(deadline=None)  # the first torch.optim step imports much
@given(SCORES, st.floats(0, 0.9), st.integers(0, 5), st.floats(0, 0.5), st.integers(0, 4), st.floats(0, 0.5))
@example(STEADY, 0.5, 2, 0.1, 3, 0.01)
@example([1 - 0.01 * index for index in range(40)], 0.5, 3, 0.1, 0, 0.0)
@example([1.0, 0.9, 0.8, *STEADY], 0.3, 1, 0.0, 2, 0.05)
def test_follows_torch(scores, factor, patience, threshold, cooldown, min_scale):
    hyper = (factor, patience, threshold, cooldown, min_scale)
    scales, state = ours(scores, *(float(value) for value in hyper))
    expected, best = witness(scores, *hyper)
    assert scales == expected and state.best == best


def test_steady_score_lowers_every_patience_and_one_evaluations():
    scales, _ = ours(STEADY[:10], 0.5, 2.0)
    assert scales == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_score_in_float32_is_remembered_exactly():
    _, state = ours([0.1, 0.2], dtype=torch.float32)
    assert state.best == torch.tensor(0.1, dtype=torch.float32).double()
