"""What a comparison says of itself while it runs."""

import math
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from shoal.experiments import judging
from shoal.experiments.plan import Plan
from shoal.experiments.sequential import Look
from shoal.population.recipe import Outcome, Progress
from shoal.statistics.intervals import mean_interval


class ArmStanding(NamedTuple):
    """An arm's mean score so far over ``networks``: validation rows while tuning, test rows afterwards.

    While arms are judged, difference and half_width: against the baseline on common seeds, with half its
    confidence interval (NaN where there are fewer than two); verdict: "baseline", or that of the last look.
    axis: in a screening the axis of which ``name`` is the best alternative so far, tried: of how many that
    were begun; without one, the row is the default's.
    """

    name: str
    score: float | None
    networks: int
    difference: float = math.nan
    half_width: float = math.nan
    verdict: str = ""
    axis: str = ""
    tried: int = 0


class Standing(NamedTuple):
    """A sign of life. phase: "tune", "extend-1", "evaluate-0", ...

    networks: trained so far; networks_planned: when this phase is done. steps_per_second: member-steps of
    this process since training began. seconds_left: until training ends, infinite without a budget. note:
    the trainer's own words.
    """

    phase: str
    networks: int
    networks_planned: int
    member_steps: int
    steps_per_second: float
    seconds_left: float
    arms: tuple[ArmStanding, ...]
    note: str


Watch = Callable[[Standing], None]

READING = "read"


def reading(words: str) -> Standing:
    """The sign of life while data are read, before there is a plan: how far that is, in words."""
    return Standing(READING, 0, 0, 0, 0.0, math.inf, (), words)


class Meter:
    """Counts the member-steps of this process over several calls of the trainer."""

    def __init__(self) -> None:
        self.note = ""
        self._finished = self._before = self._reported = 0
        self._started: float | None = None

    def begin(self) -> None:
        """A call of the trainer begins."""
        self._started = self._started or time.monotonic()
        self._before, self._reported = self._finished, 0

    def hear(self, progress: Progress) -> None:
        """The trainer reports what it has done in this call."""
        self._reported, self.note = progress.member_steps, progress.note

    def finish(self, steps: int) -> None:
        """A network is finished after ``steps`` steps."""
        self._finished += steps

    def end(self) -> None:
        """The call has ended: steps of unfinished networks no longer count."""
        self._before, self._reported = self._finished, 0

    @property
    def member_steps(self) -> int:
        """Steps done, those of unfinished networks included as far as the trainer reports them."""
        return max(self._finished, self._before + self._reported)

    @property
    def rate(self) -> float:
        """Member-steps per second since the first call."""
        return self.member_steps / max(time.monotonic() - self._started, 1e-3) if self._started else 0.0


def standings(
    plan: Plan, kind: str, recorded: Mapping[str, Outcome], looks: Mapping[str, Look]
) -> tuple[ArmStanding, ...]:
    """How every arm stands, in the plan's order, given the outcomes by job name of a ``kind`` of phase."""
    names = [arm.name for arm in plan.arms]
    names += [name for names_of in plan.screens.values() for name in names_of if name not in names]
    found: dict[str, dict[str, Outcome]] = {name: {} for name in names}
    for name, one in recorded.items():
        arm, *place = name.removeprefix(f"{kind}/").rsplit("/", 1 if kind == "evaluate" else 2)
        if not one.diverged:
            found[arm]["/".join(place)] = one
    if plan.screens and kind == "tune":
        return tuple(_screening(plan, axis, found) for axis in plan.screens)
    return tuple(_standing(plan, kind, arm.name, found, looks) for arm in plan.arms)


def _screening(plan: Plan, axis: str, found: Mapping[str, Mapping[str, Outcome]]) -> ArmStanding:
    """An axis' best alternative so far, by its best trial."""
    better = max if plan.higher_is_better else min
    best = {
        name: better(one.valid_score for one in found[name].values())
        for name in plan.screens[axis]
        if found[name]
    }
    networks = sum(len(found[name]) for name in plan.screens[axis])
    if not best:
        return ArmStanding("", None, networks, axis=axis)
    name = better(best, key=best.__getitem__)
    return ArmStanding(plan.bare(name), best[name], networks, axis=axis, tried=len(best))


def _standing(
    plan: Plan,
    kind: str,
    arm: str,
    found: Mapping[str, Mapping[str, Outcome]],
    looks: Mapping[str, Look],
) -> ArmStanding:
    own, base = found[arm], found[plan.baseline]
    scores = [one.test_score if kind == "evaluate" else one.valid_score for one in own.values()]
    mean = sum(scores) / len(scores) if scores else None
    axis = plan.axis_of(arm) if plan.screens and arm != plan.baseline else ""
    plain = ArmStanding(plan.bare(arm), mean, len(scores), axis=axis)
    if kind != "evaluate":
        return plain
    if arm == plan.baseline:
        return plain._replace(verdict="baseline")
    pairs = [
        judging.judged(own[seed], plan) - judging.judged(base[seed], plan) for seed in own if seed in base
    ]
    verdict = looks[arm].word if arm in looks else "undecided"
    if len(pairs) < 2 or not all(map(math.isfinite, pairs)):
        return plain._replace(verdict=verdict)
    low, high = mean_interval(pairs, 1 - plan.alpha)
    return plain._replace(difference=(low + high) / 2, half_width=(high - low) / 2, verdict=verdict)
