"""From outcomes to the number of each seed that is compared; diverged runs count as worst."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.experiments.plan import RACES, Plan
from shoal.population.recipe import Outcome
from shoal.statistics.comparisons import fill_diverged, worst_score
from shoal.statistics.intervals import Interval, mean_interval, median_interval
from shoal.tasks import metrics
from shoal.tasks.task import Task

_FIELDS = {"score": "test_score", "time": "seconds"}
"""Judges whose number stands in an outcome, or in ``Reached``, under another name."""


def gap(outcome: Outcome, higher_is_better: bool) -> float:
    """How much better the training rows are scored than the test rows, in the metric's unit."""
    difference = outcome.train_score - outcome.test_score
    return difference if higher_is_better else -difference


def judged(outcome: Outcome, plan: Plan) -> float:
    """The number the plan's judge compares: with ``plan.reach`` what it took to reach that validation score,
    infinity if it was missed. NaN if the member diverged."""
    if outcome.diverged:
        return math.nan
    if plan.judge == "gap":
        return gap(outcome, plan.higher_is_better)
    field = _FIELDS.get(plan.judge, plan.judge)
    if plan.reach is None:
        return float(getattr(outcome, field))
    found = reached(outcome.details["curve"], plan.reach, plan.higher_is_better)
    return math.inf if found is None else float(getattr(found, field))


class Reached(NamedTuple):
    """What it took to reach a target: steps, gradient evaluations, seconds of training."""

    steps: int
    evaluations: float
    seconds: float


def reached(curve: Sequence[Sequence[float]], target: float, higher_is_better: bool) -> Reached | None:
    """When a learning curve (``Outcome.details["curve"]``) first scored at least as well as ``target``.

    None if it never did. It is known as finely as the curve has points: the target was reached between this
    point and the one before.
    """
    for step, _, score, evaluations, seconds in curve:
        if score >= target if higher_is_better else score <= target:
            return Reached(int(step), evaluations, seconds)
    return None


def counted(
    outcomes: Mapping[str, Mapping[int, Outcome]], plan: Plan, task: Task
) -> dict[str, NDArray[np.float64]]:
    """By arm the judged numbers [seeds], a diverged run standing with the worst number a run can have.

    That is the worst any arm has, or if worse: 0 for an accuracy and other scores of classes, the error (or
    r2) of always predicting the training mean, the loss of knowing nothing. Time, steps and memory of a
    diverged run are the most any arm took, infinity where a score was to be reached.
    """
    numbers = {arm: [judged(one, plan) for one in found.values()] for arm, found in outcomes.items()}
    missing = any(math.isnan(number) for found in numbers.values() for number in found)
    if not missing:
        return {arm: np.array(found, dtype=np.float64) for arm, found in numbers.items()}
    seeds = list(next(iter(outcomes.values())))
    worst = worst_score(
        _bound(plan, task, seeds), *numbers.values(), higher_is_better=plan.judged_higher_is_better
    )
    return {arm: fill_diverged(found, worst) for arm, found in numbers.items()}


def middle(numbers: NDArray[np.float64]) -> float:
    """Their mean, or where one is infinite (a score was missed) their median, which may be infinite too."""
    if np.isfinite(numbers).all():
        return float(numbers.mean())
    low, high = np.sort(numbers)[[(numbers.size - 1) // 2, numbers.size // 2]]
    return float(low if low == high else (low + high) / 2)


def around(numbers: NDArray[np.float64], level: float, resolution: float = 0.0) -> Interval:
    """The interval of ``middle`` that covers with probability ``level``."""
    if np.isfinite(numbers).all():
        return mean_interval(numbers, level, resolution)
    return median_interval(numbers, level)


def resolution(plan: Plan, task: Task) -> float:
    """The smallest step between two judged numbers: one test row for an accuracy or F1, else 0."""
    if plan.judge == "score" and metrics.find(plan.metric).counts_rows:
        return 1.0 / len(task.prepare(0).test)
    return 0.0


def _bound(plan: Plan, task: Task, seeds: Sequence[int]) -> float:
    if plan.judge in (*RACES, "memory"):
        return 0.0 if plan.reach is None else math.inf
    if plan.judge == "train_loss" and task.loss is None:
        return math.log(task.outputs) if task.kind in ("classification", "language") else 1.0
    if plan.judge == "train_loss":
        return max(_loss_of_nothing(task, seed, "train") for seed in seeds)
    metric = metrics.find(plan.metric)
    if plan.judge == "gap" and metric.share:
        return 1.0
    if metric.share and task.kind == "classification":
        return 0.0 if metric.higher_is_better else 1.0
    each = [_knowing_nothing(task, plan.metric, seed) for seed in seeds]
    return min(each) if plan.judged_higher_is_better else max(each)


def _knowing_nothing(task: Task, metric: str, seed: int) -> float:
    """The test score of outputs that are all zero: equal logits, or the training mean, as targets are
    standardized on training rows."""
    if task.kind == "language":
        return 0.0 if metrics.find(metric).higher_is_better else math.log2(task.outputs)
    if metric == "loss":
        return _loss_of_nothing(task, seed, "test")
    prepared = task.prepare(seed)
    truth = prepared.y[prepared.test].numpy()
    classes = task.kind == "classification"
    zeros = np.zeros((len(truth), task.outputs)) if classes else np.zeros_like(truth)
    return metrics.value(metric, zeros, truth, prepared.scale)


def _loss_of_nothing(task: Task, seed: int, part: str) -> float:
    """The task's own loss of outputs that are all zero on a part's rows."""
    assert task.loss is not None
    prepared = task.prepare(seed)
    return task.loss.of_nothing(prepared.y[getattr(prepared, part)])
