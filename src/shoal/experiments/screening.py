"""Screening: of every axis the best alternative to the default recipe, found cheaply, to be judged fairly.

All alternatives are tried at the same few points of their search spaces on one tuning seed. The best of each
axis, and always the default, are tried at more points, then at their best points on more tuning seeds, the
last one of each axis on still more; it is judged against the default on evaluation seeds, which no choice has
seen. Everything is ranked at the end of a full schedule, on validation rows.
Successive halving within each axis: Karnin, Koren & Somekh 2013, Almost optimal exploration in multi-armed
bandits, ICML; over points and seeds, never over the length of training.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from shoal.experiments import sizing, trials
from shoal.experiments.arms import Arm
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size, Tuning
from shoal.experiments.training import Training, trial_name
from shoal.experiments.trials import Best, Tried
from shoal.population.recipe import Job

_ORDER = (0, 2, 3, 1, 4, 5, 6, 7)
"""Trials by number, the first ones far apart in lr (the default, a tenth and tenfold of the middle)."""
_FIRST, _SECOND = 3, 5
"""Trials of the first and of the second round."""
_KEPT, _FINALISTS, _POINTS = 3, 2, 3
"""Alternatives of an axis in the second round and in the finals, and the finals' points of each."""
_SEEDS = 2
"""The finals' seeds beside the first."""
_LAST_POINTS, _LAST_SEEDS = 2, 4
"""Points, and further seeds, of those that will be judged; twice the points for the default, whose point, if
it were only lucky, would cost every verdict instead of one."""
_ENOUGH = sizing.ENOUGH + 4
"""Evaluation seeds that are reserved for judging."""
_SLOWER = 1.4
"""Alternatives take longer than the default: more layers, units, steps or work a step."""


@dataclass(frozen=True)
class Candidate:
    """An alternative that was tried: its arm, the mean validation score of its best point over ``seeds``
    tuning seeds (NaN if all its trials diverged or none was finished), and the trials finished."""

    axis: str
    arm: str
    score: float
    seeds: int
    trials: int


class Screened(NamedTuple):
    """plan: the default and the best alternative of each axis. candidates: all, axis by axis, best first."""

    plan: Plan
    best: Mapping[str, Best]
    points: Mapping[str, Mapping[int, trials.Point]]
    candidates: tuple[Candidate, ...]


def networks(plan: Plan) -> int:
    """Networks that the rounds need, extensions left out."""
    return sum(_rounds(plan))


def size(plan: Plan, training: Training) -> dict[str, Any]:
    """The longest training at which all rounds and enough evaluation seeds fit, as plain data."""
    default = _arm(plan, plan.baseline)
    lengths, rate = sizing.lengths(plan.train_rows, [arm.epochs for arm in plan.arms]), 1.0
    if plan.work is None:
        recipe = default.at(trials.points(default, 1)[0], lengths[0])
        left = training.clock.left
        training.trainer.prepare([recipe], 0.4 * left, lambda words: training.announce("prepare", 0, words))
        training.announce("measure", 0, "measuring how fast the default recipe trains")
        rate = training.trainer.measure([recipe], min(1.0, 0.02 * left))[0] / _SLOWER
    capacity = float(plan.work) if plan.work is not None else 0.85 * training.clock.left
    judged = len(plan.screens) + 1
    needed = networks(plan) + judged * (plan.seeds or _ENOUGH)

    def cost(length: float) -> float:
        steps = sum(training.trainer.steps(arm.at({}, length)) for arm in plan.arms)
        return steps / len(plan.arms) / rate

    length = next((one for one in lengths if needed * cost(one) <= capacity), lengths[-1])
    count = math.floor((capacity / cost(length) - networks(plan)) / judged)
    notes = []
    if length < lengths[0]:
        notes.append(f"the budget shortens training to {length:g} epochs ({lengths[0]:g} with more)")
    if count < sizing.ENOUGH:
        notes.append("the budget is too small to try every alternative: name axes with --vary, or give more")
    count = max(1, min(count, sizing.MOST if plan.seeds is None else plan.seeds))
    tuning = Tuning(_FIRST + _SECOND, _SEEDS)._asdict()
    pace = cost(length)
    return Size(length, tuning, count, tuple(notes))._asdict() | {"rates": [], "pace": pace}  # type: ignore[arg-type]


def screen(plan: Plan, training: Training, size: Size) -> Screened:
    """Try the alternatives of every axis; the plan that is left has the best of each."""
    return _Screening(plan, training, size).run()


class _Screening:
    def __init__(self, plan: Plan, training: Training, size: Size):
        self.plan, self.training, self.size = plan, training, size
        seeds = list(plan.tuning_seeds(1 + _SEEDS + _LAST_SEEDS))
        self.first, self.more, self.last = seeds[:1], seeds[1 : 1 + _SEEDS], seeds[1 + _SEEDS :]
        self.points: dict[str, dict[int, trials.Point]] = {arm.name: {} for arm in plan.arms}
        self.reserve = (len(plan.screens) + 1) * (plan.seeds or _ENOUGH)

    def run(self) -> Screened:
        first, second, finals, last = _rounds(self.plan)
        self.reserve += last
        share = first / (first + second + finals + self.reserve)
        self._try("screen-1", [arm.name for arm in self.plan.arms], _ORDER[:_FIRST], share)
        kept = self._kept(_KEPT, self.first)
        if self._time_for("screen-2", second + finals):
            share = second / (second + finals + self.reserve)
            self._try("screen-2", kept, _ORDER[_FIRST:], share)
        kept = self._kept(_FINALISTS, self.first)
        seeds = self.first
        if self._time_for("screen-finals", finals):
            self._finals(kept, finals / (finals + self.reserve))
            seeds = [*self.first, *self._whole(kept, self.first, self.more)]
        chosen = self._chosen(kept, seeds)
        self.reserve -= last
        if len(seeds) > 1 and self._time_for("screen-last", last):
            self._last(chosen, seeds, last / (last + self.reserve))
        return Screened(
            replace(self.plan, arms=tuple(arm for arm in self.plan.arms if arm.name in chosen)),
            {name: self._best(name, seeds) for name in chosen},
            self.points,
            self._candidates(kept, seeds),
        )

    def _last(self, arms: Sequence[str], seeds: Sequence[int], share: float) -> None:
        """The best points of those that will be judged, on further seeds."""
        jobs = [
            self._job(name, number, seed)
            for seed in self.last
            for name in arms
            for number in self._order(name, seeds)[: self._points(name)]
        ]
        self.training.train("tune-screen-last", jobs, self.training.clock.after(share))

    def _best(self, arm: str, seeds: Sequence[int]) -> Best:
        """The chosen point: the best on the last seeds and those before, or as far as seeds were finished."""
        one = _arm(self.plan, arm)
        if not self._tried(arm, seeds):
            return Best(0, trials.points(one, 1)[0], 0)
        order = self._order(arm, seeds)[: self._points(arm)]
        done = self.training.outcomes("tune")
        whole = [s for s in self.last if all(trial_name(arm, number, s) in done for number in order)]
        tried = self._tried(arm, [*seeds, *whole])
        number = trials.ranked(tried, self.plan.higher_is_better)[0]
        everything = [point for point, _ in self._tried(arm, self.first).values()]
        return Best(number, tried[number][0], trials.edge(one, tried[number][0], everything))

    def _points(self, arm: str, count: int = _LAST_POINTS) -> int:
        return 2 * count if arm == self.plan.baseline else count

    def _chosen(self, finalists: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """The default and the best alternative of each axis."""
        chosen = [self.plan.baseline]
        for names in self.plan.screens.values():
            chosen += self._ranking([name for name in names if name in finalists], seeds)[:1]
        return chosen

    def _order(self, arm: str, seeds: Sequence[int]) -> list[int]:
        """The arm's trials that finished on ``seeds``, the best first."""
        return trials.ranked(self._tried(arm, seeds), self.plan.higher_is_better)

    def _try(self, phase: str, arms: Sequence[str], numbers: Sequence[int], share: float) -> None:
        """Trials of these numbers, all arms' first one first, in a share of the time that is left."""
        for name in arms:
            points = trials.points(_arm(self.plan, name), len(_ORDER))
            self.points[name] |= {number: points[number] for number in numbers}
        jobs = [self._job(name, number, seed) for number in numbers for name in arms for seed in self.first]
        self.training.train(f"tune-{phase}", jobs, self.training.clock.after(share))

    def _finals(self, arms: Sequence[str], share: float) -> None:
        """The best points of each on more seeds, and one beyond the edge where the best lr lies there."""
        jobs = []
        for name in arms:
            tried = self._tried(name, self.first)
            if not tried:
                continue
            best = trials.choose(_arm(self.plan, name), tried, self.plan.higher_is_better)
            beyond = trials.beyond(_arm(self.plan, name), best, 1)
            self.points[name] |= dict(enumerate(beyond, start=len(_ORDER)))
            order = self._order(name, self.first)[: self._points(name, _POINTS)]
            jobs += [self._job(name, number, seed) for seed in self.more for number in order]
            new = range(len(_ORDER), len(_ORDER) + len(beyond))
            jobs += [self._job(name, number, seed) for number in new for seed in (*self.first, *self.more)]
        self.training.train("tune-screen-finals", jobs, self.training.clock.after(share))

    def _job(self, arm: str, number: int, seed: int) -> Job:
        recipe = _arm(self.plan, arm).at(self.points[arm][number], self.size.epochs)
        return Job(trial_name(arm, number, seed), recipe, seed)

    def _tried(self, arm: str, seeds: Sequence[int]) -> Tried:
        """The trials that finished on all of ``seeds``."""
        done = self.training.outcomes("tune")
        return {
            number: (point, [done[trial_name(arm, number, seed)] for seed in seeds])
            for number, point in self.points[arm].items()
            if all(trial_name(arm, number, seed) in done for seed in seeds)
        }

    def _whole(self, arms: Sequence[str], seeds: Sequence[int], more: Sequence[int]) -> list[int]:
        """Those of the seeds ``more`` on which every one of these arms has finished a point."""
        return [seed for seed in more if all(self._tried(name, [*seeds, seed]) for name in arms)]

    def _ranking(self, names: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """Those with a finished trial, by the validation score, then loss, of their best one."""

        def rank(name: str) -> tuple[float, float]:
            tried = self._tried(name, seeds)
            best = tried[trials.ranked(tried, self.plan.higher_is_better)[0]][1]
            if any(one.diverged for one in best):
                return math.inf, math.inf
            score = sum(one.valid_score for one in best) / len(best)
            loss = sum(one.valid_loss for one in best) / len(best)
            return (-score if self.plan.higher_is_better else score), loss

        return sorted((name for name in names if self._tried(name, seeds)), key=rank)

    def _kept(self, count: int, seeds: Sequence[int]) -> list[str]:
        """The default and the best ``count`` alternatives of each axis."""
        kept = [self.plan.baseline]
        for names in self.plan.screens.values():
            kept += self._ranking(names, seeds)[:count]
        return kept

    def _time_for(self, phase: str, more: int) -> bool:
        """Whether ``more`` networks leave time to judge; always where no clock decides."""
        if self.plan.work is not None:
            return True

        def fits() -> bool:
            return (more + self.reserve) * self.training.pace <= self.training.clock.left

        return bool(self.training.decided(f"go/{phase}", fits))

    def _candidates(self, finalists: Sequence[str], seeds: Sequence[int]) -> tuple[Candidate, ...]:
        found = []
        for axis, names in self.plan.screens.items():
            last = [self._candidate(axis, name, seeds) for name in names if name in finalists]
            early = [self._candidate(axis, name, self.first) for name in names if name not in finalists]
            for part in (last, early):
                found += sorted(part, key=self._worth)
        return tuple(found)

    def _worth(self, one: Candidate) -> float:
        if math.isnan(one.score):
            return math.inf
        return -one.score if self.plan.higher_is_better else one.score

    def _candidate(self, axis: str, name: str, seeds: Sequence[int]) -> Candidate:
        tried = self._tried(name, seeds)
        if not tried:
            return Candidate(axis, name, math.nan, 0, 0)
        best = tried[trials.ranked(tried, self.plan.higher_is_better)[0]][1]
        score = (
            math.nan if any(one.diverged for one in best) else sum(o.valid_score for o in best) / len(best)
        )
        return Candidate(axis, name, score, len(seeds), len(self._tried(name, self.first)))


def _arm(plan: Plan, name: str) -> Arm:
    return next(arm for arm in plan.arms if arm.name == name)


def _rounds(plan: Plan) -> tuple[int, int, int, int]:
    """Networks of the first round, the second, the finals and the last one."""

    def most(count: int) -> int:
        return sum(min(count, len(names)) for names in plan.screens.values())

    first, second = _FIRST * len(plan.arms), _SECOND * (1 + most(_KEPT))
    finals, last = _POINTS * _SEEDS, _LAST_POINTS * _LAST_SEEDS
    return first, second, finals * (2 + most(_FINALISTS)), last * (2 + most(1))
