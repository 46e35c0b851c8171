"""Trial points, choice and edges."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments import trials
from shoal.experiments.arms import build, default_recipe
from shoal.experiments.axes import axis_of
from shoal.population.recipe import Outcome

from .simulated import task

ADAM, SGD = build(axis_of("optimizer"), ("adam", "sgd"), default_recipe(task()))


def outcome(score: float, loss: float = 1.0, diverged: bool = False) -> Outcome:
    return Outcome("", score, 0.0, 0.0, 0.0, loss, diverged, 1, 1.0, 1.0, 1, {})


def test_the_first_trial_is_the_defaults_and_the_others_fill_the_range_evenly():
    found = trials.points(ADAM, 16)
    assert found[0] == {"adam.lr": 1e-3, "l2.coefficient": 1e-4}
    decades = sorted(math.log10(point["adam.lr"]) for point in found[1:])
    assert decades == pytest.approx([-5 + 4 * place / 16 for place in range(1, 16)])


def test_a_trial_is_the_same_point_however_many_there_are():
    assert trials.points(ADAM, 32)[:8] == trials.points(ADAM, 8)


def test_the_best_mean_wins_ties_go_to_the_loss_and_divergence_is_worst():
    tried = {
        0: ({"adam.lr": 1.0}, [outcome(0.8), outcome(0.8)]),
        1: ({"adam.lr": 2.0}, [outcome(0.8, 0.5), outcome(0.8, 0.5)]),
        2: ({"adam.lr": 3.0}, [outcome(0.9), outcome(math.nan, math.nan, True)]),
        3: ({"adam.lr": 4.0}, [outcome(0.99), outcome(0.6)]),
    }
    assert trials.ranked(tried, True) == [1, 0, 3, 2]
    assert trials.ranked(tried, False) == [3, 1, 0, 2]


def test_finals_halve_the_trials_and_double_their_seeds():
    assert trials.finals(64, 33) == [(32, 1), (16, 2), (8, 4), (4, 8), (2, 18)]
    assert trials.finals(16, 1) == [(8, 1)]
    assert trials.finals(16, 0) == []


@given(tried=st.integers(4, 256), seeds=st.integers(0, 200))
def test_finals_use_every_seed_once_and_end_with_two(tried, seeds):
    rounds = trials.finals(tried, seeds)
    assert sum(more for _, more in rounds) == seeds
    done, before = 1, tried
    for number, (kept, more) in enumerate(rounds):
        assert kept == max(2, before // 2)
        assert more == done if number < len(rounds) - 1 else done <= more < 3 * done or more == seeds
        done, before = done + more, kept


def test_the_luck_of_a_comparison_is_the_mean_of_its_arms():
    """½ / k of an arm that was chosen on k seeds; an arm without anything to tune had none."""
    best = {
        "a": trials.Best(0, {}, {}, seeds=5),
        "b": trials.Best(0, {}, {}, seeds=20),
        "fixed": trials.Best(0, {}, {}),
    }
    assert trials.luck(best, "a", "b") == pytest.approx((0.1 + 0.025) / 2)
    assert trials.luck(best, "a", "fixed") == pytest.approx(0.05)
    assert trials.luck(best, "fixed", "fixed") == 0


def test_a_chosen_point_tells_on_how_many_seeds():
    middle = {name: one.default for name, one in SGD.space.items()}
    tried = {number: (middle, [outcome(0.5)] * 3) for number in range(4)}
    assert trials.choose(SGD, tried, True).seeds == 3


@pytest.mark.parametrize(("chosen", "edges"), [(0.001, {"sgd.lr": -1}), (0.01, {}), (1.0, {"sgd.lr": 1})])
def test_an_edge_is_the_lowest_or_highest_lr_tried(chosen, edges):
    tried = [{"sgd.lr": lr} for lr in (0.001, 0.01, 0.1, 1.0)]
    assert trials.edges(SGD, {"sgd.lr": chosen}, tried) == edges
    assert trials.edges(SGD, {"sgd.lr": chosen}, tried[:3]) == {}


def test_beyond_goes_on_in_steps_of_half_a_decade_and_stays_in_the_domain():
    best = trials.Best(0, {"sgd.lr": 1.0, "l2.coefficient": 1e-3}, {"sgd.lr": 1})
    found = trials.beyond(SGD, best, 2)
    assert [point["sgd.lr"] for point in found] == pytest.approx([math.sqrt(10), 10])
    assert all(point["l2.coefficient"] == 1e-3 for point in found)
    assert trials.beyond(SGD, best._replace(edges={}), 2) == trials.beyond(SGD, best, 0) == []
    low = trials.beyond(SGD, best._replace(edges={"sgd.lr": -1}), 400)
    assert len(low) == 400 or all(point["sgd.lr"] > 0 for point in low)


@pytest.mark.parametrize("optimizer", ["sgd>adam@0.3", "matrix:sgd|adam"])
def test_every_tuned_rate_is_extended_where_its_best_is_at_the_edge(optimizer):
    (arm,) = build(axis_of("optimizer"), (optimizer,), default_recipe(task()))
    first, last = arm.rates
    middle = {name: one.default for name, one in arm.space.items()}
    tried = [{**middle, first: 10.0**-n, last: 10.0 ** -((n + 1) % 4)} for n in range(4)]
    assert trials.edges(arm, {**middle, first: 1.0, last: 0.1}, tried) == {first: 1}
    assert trials.edges(arm, {**middle, first: 1e-3, last: 1.0}, tried) == {first: -1, last: 1}
    best = trials.Best(0, {**middle, first: 0.01, last: 1.0}, {first: -1, last: 1})
    root = math.sqrt(10)
    by_turns = [(point[first], point[last]) for point in trials.beyond(arm, best, 3)]
    assert by_turns == [
        pytest.approx((0.01 / root, 1.0)), pytest.approx((0.01, root)), pytest.approx((0.001, 1.0)),
    ]  # fmt: skip
    (together,) = trials.beyond(arm, best, 1)
    assert (together[first], together[last]) == pytest.approx((0.01 / root, root))
