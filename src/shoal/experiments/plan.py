"""The plan: what will be compared and how it will be judged, written before anything is trained."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from shoal.errors import unknown
from shoal.experiments.arms import Arm
from shoal.store.canonical import canonical_json, digest
from shoal.tasks import metrics

Judge = Literal["score", "train_loss", "time", "steps", "evaluations", "gap", "memory"]
JUDGES: tuple[str, ...] = get_args(Judge)
RACES = ("time", "steps", "evaluations")
"""Judges that may ask how soon a score is reached, instead of how much the whole training takes."""
ALPHA = 0.05
_FIRST_TUNING_SEED = 1_000_000
_SEEDS_OF_A_REPLICATE = 2_000_000


@dataclass(frozen=True)
class Margin:
    """Differences inside it count as "same": an absolute number, or a share of the baseline's mean."""

    value: float
    relative: bool

    def absolute(self, mean: float) -> float:
        """The margin in the unit of the judged number, given the baseline's mean; no share of infinity."""
        if not self.relative:
            return self.value
        return self.value * abs(mean) if math.isfinite(mean) else 0.0


@dataclass(frozen=True)
class Plan:
    """A comparison. budget_seconds or work (member-steps), never both.

    seeds: evaluation seeds, and trials: tuning trials an arm, where they are fixed. reach: the score on
    validation rows whose first time (steps, evaluations) is judged; a member that misses it has infinity.
    screens: in a screening the names of each axis' alternatives to the baseline, axis by axis.
    defaults: whether arms are judged untuned, too; None: if that is cheap. lengths: shares of the full length
    of training at which they are judged, too.
    crossed: where several axes are varied, by arm its value on each axis, as written; all combinations.
    replicate: 0, or the number of an independent repetition, whose seeds are all others.
    With ``work`` no clock and no measurement enters any decision: the plan and the data decide everything.
    """

    task: str
    fingerprint: str
    metric: str
    higher_is_better: bool
    train_rows: int
    axis: str
    arms: tuple[Arm, ...]
    baseline: str
    judge: str
    margin: Margin
    alpha: float
    budget_seconds: float | None
    work: int | None
    seeds: int | None
    device: str
    trials: int | None = None
    reach: float | None = None
    screens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replicate: int = 0
    crossed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: bool | None = None
    lengths: tuple[float, ...] = ()

    def evaluation_seeds(self, count: int) -> range:
        """The seeds arms are judged on: 0, 1, 2, ..., of replicate r from 2 r million on."""
        first = _SEEDS_OF_A_REPLICATE * self.replicate
        return range(first, first + count)

    def tuning_seeds(self, count: int, attempt: int = 0) -> range:
        """The seeds hyperparameters are chosen on; never one of the evaluation seeds or another attempt's."""
        first = _SEEDS_OF_A_REPLICATE * self.replicate + _FIRST_TUNING_SEED + 1000 * attempt
        return range(first, first + count)

    def axis_of(self, arm: str) -> str:
        """What an arm differs in from the baseline."""
        return next((axis for axis, names in self.screens.items() if arm in names), self.axis)

    def bare(self, arm: str) -> str:
        """An arm's name, in a screening without the axis that it begins with."""
        return arm.removeprefix(f"{self.axis_of(arm)} ") if self.screens else arm

    @property
    def judged_higher_is_better(self) -> bool:
        """Whether more of the judged number is better: for the score the metric decides, else less is."""
        return self.judge == "score" and self.higher_is_better

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON; equal plans have equal hashes."""
        return digest(canonical_json(describe(self)))


def describe(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, as it is recorded before anything is trained."""
    return asdict(plan)


def judge_of(name: str) -> str:
    """``name`` if it is a judge. Raises UserError listing those that exist."""
    if name not in JUDGES:
        raise unknown("judge", name, JUDGES)
    return name


def margin_for(judge: str, metric: str) -> Margin:
    """0.01 of a metric that is a share of 1 (accuracy, auroc, f1, r2, ...), 0.02 of its gap; 2 % of another
    metric (rmse, mae, log_loss), 5 % of any other number."""
    if judge in ("score", "gap") and metrics.find(metric).share:
        return Margin(0.01 if judge == "score" else 0.02, False)
    return Margin(0.02 if judge == "score" else 0.05, True)
