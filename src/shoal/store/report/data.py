"""What a report shows, as plain data: no record, no page. NaN stands where there is no number."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from shoal.store.report import numbers

Pair = tuple[float, float]


def number(value: float | None) -> float:
    """A number of a result's JSON, NaN for null."""
    return math.nan if value is None else float(value)


def pair(values: Sequence[float | None]) -> Pair:
    """An interval of a result's JSON; null is an end that is infinite."""
    low, high = values
    return -math.inf if low is None else low, math.inf if high is None else high


class Point(NamedTuple):
    """A point of an arm's learning curve over its seeds. low, high: the mean's 95 % interval, ±inf of one
    seed. seeds: that reached this step without diverging."""

    step: float
    mean: float
    low: float
    high: float
    seeds: int


class Trial(NamedTuple):
    """One tuning trial: its hyperparameters, mean validation score (NaN if it diverged) over ``seeds``."""

    number: int
    point: Mapping[str, float]
    score: float
    seeds: int
    diverged: bool
    chosen: bool


@dataclass(frozen=True)
class Arm:
    """One row of the table. name: as shown. color: its place in the palette, None for arms drawn in gray.

    space: name → low, high, log, tried (see ``experiments.result.ArmResult``). lr: the hyperparameter of the
    sensitivity plot, "" if nothing was tuned. chosen: the tuned hyperparameters. score_curve, loss_curve: on
    validation rows. details: every key of the result, for what other parts show of it.
    """

    name: str
    axis: str
    mean: float
    interval: Pair
    difference: float
    difference_interval: Pair
    probability: float
    p: float
    steps: float
    evaluations: float
    seconds: float
    memory: float
    diverged: int
    seeds: int
    verdict: str
    words: str
    edge: bool
    more_seeds: int | None
    space: Mapping[str, Mapping[str, Any]]
    chosen: Mapping[str, float]
    lr: str
    trials: Sequence[Trial]
    score_curve: Sequence[Point]
    loss_curve: Sequence[Point]
    details: Mapping[str, Any]
    color: int | None = None

    @property
    def is_baseline(self) -> bool:
        """Whether the others are compared with it."""
        return self.verdict == "baseline"

    @property
    def half_width(self) -> float:
        """See ``numbers.half_width``."""
        return numbers.half_width(self.difference, self.difference_interval)


class Outsider(NamedTuple):
    """A method that is no neural network: mean score over ``seeds``, seconds a fit."""

    name: str
    mean: float
    seeds: int
    seconds: float


@dataclass(frozen=True)
class Report:
    """A whole report; ``arms`` best first. result: the recorded result, its texts already shortened
    (see ``privacy``). plan_text: plan.toml with file names for paths, "" where there is none.
    """

    task: str
    metric: str
    judge: str
    higher_is_better: bool
    axis: str
    baseline: str
    margin: float
    alpha: float
    arms: tuple[Arm, ...]
    outsiders: tuple[Outsider, ...]
    candidates: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    result: Mapping[str, Any]
    machine: Mapping[str, Any] | None
    plan_text: str
    started_at: float | None

    @property
    def judged(self) -> str:
        """What decides, in words: "test accuracy", "train loss"."""
        return f"test {self.metric}" if self.judge == "score" else self.judge.replace("_", " ")

    @property
    def more_is_better(self) -> bool:
        """Which way the judged number is better."""
        return self.judge == "score" and self.higher_is_better

    @property
    def base(self) -> Arm:
        """The baseline."""
        return next(arm for arm in self.arms if arm.is_baseline)

    @property
    def decimals(self) -> int:
        """Decimals of the judged number (see ``numbers.decimals``)."""
        widths = [arm.half_width for arm in self.arms if not arm.is_baseline]
        return numbers.decimals(widths, self.judge, self.metric)
