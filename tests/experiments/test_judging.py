"""What is read out of outcomes: targets reached, and what a diverged run counts as."""

import math

import numpy as np
import pytest
import torch

from shoal.experiments.judging import around, counted, middle, reached, resolution
from shoal.experiments.plan import Margin, margin_for
from shoal.experiments.planning import make_plan
from shoal.population.recipe import Outcome
from shoal.statistics.intervals import mean_interval
from shoal.tasks import metrics
from shoal.tasks.arrays import from_arrays
from shoal.tasks.task import Task, with_metric

CURVE = [
    [10, 0.9, 0.5, 20.0, 0.1],
    [20, 0.7, math.nan, 40.0, 0.2],
    [30, 0.8, 0.8, 60.0, 0.3],
    [40, 0.6, 0.7, 80.0, 0.4],
]


@pytest.mark.parametrize(
    ("target", "higher", "steps"),
    [
        (0.5, True, 10),
        (0.51, True, 30),
        (0.8, True, 30),
        (0.81, True, None),
        (0.5, False, 10),
        (0.4, False, None),
    ],
)
def test_a_target_is_reached_at_the_first_point_that_is_as_good(target, higher, steps):
    found = reached(CURVE, target, higher)
    assert (found and found.steps) == steps
    if found:
        assert found == (steps, 2.0 * steps, pytest.approx(steps / 100))
    assert reached([], target, higher) is None


def tasks(kind: str) -> Task:
    x = torch.linspace(-1, 1, 100)[:, None].expand(100, 2)
    return from_arrays(x, torch.arange(100) % 4 if kind == "classification" else 3 * x[:, 0] ** 2 + 7)


def outcome(name: str, score: float) -> Outcome:
    diverged = math.isnan(score)
    return Outcome(name, score, score, score, 1.0, 1.0, diverged, 10, 10.0, 1.0, 1, {})


NEARLY_PERFECT = {"log_loss": 0.1, "calibration_error": 0.02, "rmse": 0.01, "mae": 0.01}
WORST = {
    "accuracy": 0, "auroc": 0, "f1": 0, "balanced_accuracy": 0, "log_loss": math.log(4),
    "sensitivity_at_90_specificity": 0, "calibration_error": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", [*metrics.names("classification"), *metrics.names("regression")])
def test_a_diverged_run_counts_as_knowing_nothing_or_worse(name):
    of = with_metric(tasks(metrics.find(name).kind), name)
    plan = make_plan(of, "optimizer=adam,sgd", work=1000)
    good = NEARLY_PERFECT.get(name, 0.9)
    found = {
        "adam": {0: outcome("a", good), 1: outcome("b", math.nan)},
        "sgd": {0: outcome("c", good), 1: outcome("d", good)},
    }
    worst = counted(found, plan, of)["adam"][1]
    if name in WORST:
        assert worst == pytest.approx(WORST[name])
    elif name == "r2":
        assert -0.2 < worst <= 0, "the training mean explains nothing of the test rows"
    else:  # of always predicting the training mean, by hand
        spread = []
        for seed in (0, 1):
            prepared = of.prepare(seed)
            y = 7 + 3 * prepared.x[:, 0].double() ** 2
            off = y[prepared.test] - y[prepared.train].mean()
            spread.append(float(off.abs().mean() if name == "mae" else off.square().mean().sqrt()))
        assert worst == pytest.approx(max(spread), rel=1e-5)
    even_worse = {
        "adam": found["adam"],
        "sgd": {0: outcome("c", good), 1: outcome("d", -9.0 if metrics.find(name).higher_is_better else 9.0)},
    }
    assert counted(even_worse, plan, of)["adam"][1] == (-9.0 if metrics.find(name).higher_is_better else 9.0)


def test_shares_of_one_have_absolute_margins_and_counts_of_rows_a_resolution():
    assert margin_for("score", "auroc") == margin_for("score", "r2") == Margin(0.01, False)
    assert margin_for("gap", "f1") == Margin(0.02, False)
    assert margin_for("score", "log_loss") == margin_for("score", "mae") == Margin(0.02, True)
    assert margin_for("time", "accuracy") == Margin(0.05, True)
    of = tasks("classification")
    steps = {
        name: resolution(make_plan(with_metric(of, name), "optimizer=adam,sgd", work=1000), of)
        for name in metrics.names(of.kind)
    }
    assert steps["accuracy"] == steps["f1"] == 1 / 20 and steps["auroc"] == steps["log_loss"] == 0


def raced(name: str, curve: list[list[float]], **changes: object) -> Outcome:
    return outcome(name, 0.5)._replace(details={"curve": curve}, **changes)


@pytest.mark.parametrize(("judge", "number"), [("steps", 30.0), ("evaluations", 60.0), ("time", 0.3)])
def test_a_race_counts_what_it_took_and_missed_or_diverged_is_infinity(judge, number):
    of = tasks("classification")
    plan = make_plan(of, "optimizer=adam,sgd", work=1000, judge=judge, reach=0.75)
    found = {
        "adam": {0: raced("evaluate/adam/0", CURVE), 1: raced("evaluate/adam/1", CURVE[:2])},
        "sgd": {0: raced("evaluate/sgd/0", CURVE), 1: raced("evaluate/sgd/1", CURVE, diverged=True)},
    }
    numbers = counted(found, plan, of)
    assert numbers["adam"].tolist() == numbers["sgd"].tolist() == [number, math.inf]


def test_a_diverged_member_has_reached_nothing_though_all_others_did():
    of = tasks("classification")
    plan = make_plan(of, "optimizer=adam,sgd", work=1000, judge="steps", reach=0.75)
    whole, bad = raced("evaluate/adam/0", CURVE), raced("evaluate/sgd/0", CURVE, diverged=True)
    assert counted({"adam": {0: whole}, "sgd": {0: bad}}, plan, of)["sgd"].tolist() == [math.inf]


def test_without_a_score_to_reach_the_whole_training_is_counted():
    of = tasks("classification")
    plan = make_plan(of, "optimizer=adam,sgd", work=1000, judge="evaluations")
    one = {0: raced("evaluate/adam/0", CURVE, evaluations=80.0)}
    assert counted({"adam": one, "sgd": one}, plan, of)["adam"].tolist() == [80.0]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1.0, 2.0, 6.0], 3.0),
        ([1.0, 2.0, math.inf], 2.0),
        ([1.0, math.inf], math.inf),
        ([math.inf] * 4, math.inf),
    ],
)
def test_the_middle_is_the_mean_or_where_there_is_none_the_median(numbers, expected):
    assert middle(np.array(numbers)) == expected


def test_an_interval_with_a_missed_score_is_of_order_statistics():
    numbers = np.array([*range(1, 20), math.inf])
    low, high = around(numbers, 0.95)
    assert (low, high) == (6.0, 15.0)  # ranks 6 and 15 of 20: P(Binomial(20, ½) ≤ 5) = 0.021
    assert around(numbers[:-1], 0.95) == mean_interval(numbers[:-1], 0.95)
