"""The result of a comparison: what is returned, printed and written as JSON under stable keys."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shoal.experiments.conditions import ConditionResult
from shoal.experiments.effects import Effect
from shoal.experiments.forecast import Forecast
from shoal.experiments.interactions import Interaction
from shoal.experiments.keyed import Keyed
from shoal.experiments.outsiders import Outsider
from shoal.experiments.screening import Candidate

Word = Literal["baseline", "better", "worse", "same", "undecided", "under-tuned"]


@dataclass(frozen=True)
class ArmResult:
    """What may be said of one arm. NaN, null in JSON, stands where there is no number.

    hyper: as tuned. search_space: name → low, high, log, and ``tried``: the lowest and highest value tried,
    beyond low or high where the range was extended. scores: the metric on test rows, one for each of
    ``seeds``, NaN where the member diverged. counted: the judged number of each seed as it entered mean,
    interval, difference and verdict, a diverged run standing with the worst. difference: arm - baseline.
    train_loss, steps, evaluations, time_seconds, memory_bytes, gap: means over the runs that did not diverge.
    axis: what it differs in from the baseline.
    edge: whether a tuned lr is still the lowest or highest one tried. more_seeds: how many more would tell.
    """

    name: str
    hyper: Mapping[str, float]
    search_space: Mapping[str, Mapping[str, Any]]
    seeds: tuple[int, ...]
    scores: tuple[float, ...]
    counted: tuple[float, ...]
    mean: float
    interval: tuple[float, float]
    difference: float
    difference_interval: tuple[float, float]
    probability_of_improvement: float
    p_corrected: float
    train_loss: float
    steps: float
    evaluations: float
    time_seconds: float
    memory_bytes: float
    gap: float
    diverged: int
    edge: bool
    more_seeds: int | None
    verdict: Word
    words: str
    axis: str = ""


@dataclass(frozen=True)
class Result(Keyed):
    """A finished comparison; also a mapping, so ``result["arms"]`` is ``result.arms``.

    tuned: whether every arm was tuned as far as judging takes; else all of them are undecided.
    effects, interactions: where several axes are crossed, what each value does in the mean over the others,
    and how far that depends on the others (see ``effects.Effect`` and ``interactions.Interaction``).
    conditions: the same arms untuned, or at other lengths of training (see ``conditions.ConditionResult``).
    candidates: in a screening all alternatives that were tried, of which the best of each axis are arms.
    outsiders: a linear model and gradient boosting on the same rows. winner: the network that was saved (see
    ``take_home.Saved``).
    change: the lines of torch that turn the baseline, untuned, into the winner.
    seconds: from the start of the process. loop_seconds_estimate: what a plain PyTorch loop would need for
    the same networks, timed on three of them; NaN where it was not timed. folder: where the record is.
    """

    task: str
    metric: str
    higher_is_better: bool
    judge: str
    axis: str
    baseline: str
    budget_seconds: float | None
    work: int | None
    seconds: float
    networks_trained: int
    member_steps: int
    loop_seconds_estimate: float
    alpha: float
    margin: float
    epochs: float
    trials: int
    tuning_seeds: tuple[int, ...]
    forecast: Forecast
    arms: tuple[ArmResult, ...]
    candidates: tuple[Candidate, ...]
    outsiders: tuple[Outsider, ...]
    winner: Mapping[str, Any] | None
    change: tuple[str, ...]
    notes: tuple[str, ...]
    interrupted: bool
    plan_hash: str
    folder: str | None
    tuned: bool = True
    effects: tuple[Effect, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    conditions: tuple[ConditionResult, ...] = ()

    def __hash__(self) -> int:
        return hash(self.plan_hash)

    def table(self) -> list[str]:
        """The verdict table as lines, best first: arm, mean, difference ± interval, cost, verdict."""
        rows = [
            ("arm", self.judge if self.judge != "score" else self.metric, "difference", "cost", "verdict")
        ]
        best = -1 if self.judge == "score" and self.higher_is_better else 1
        for arm in sorted(self.arms, key=lambda arm: _finite(best * arm.difference)):
            rows.append((arm.name, _number(arm.mean), _around(arm), f"{arm.time_seconds:.3g} s", arm.verdict))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]

    def __repr__(self) -> str:
        head = f"{self.task}: {self.networks_trained:,} networks trained in {self.seconds:.0f} s"
        return "\n".join([head, *self.table(), *(f"- {note}" for note in self.notes)])


def _around(arm: ArmResult) -> str:
    if arm.verdict == "baseline" or not math.isfinite(arm.difference):
        return "–"
    width = max(arm.difference_interval[1] - arm.difference, 0)
    return f"{arm.difference:+.4g} ± {width:.2g}" if math.isfinite(width) else f"{arm.difference:+.4g} ± ?"


def _finite(rank: float) -> float:
    return rank if math.isfinite(rank) else math.inf


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"
