"""Screening: of every axis the best alternative to the default recipe, found cheaply, to be judged fairly.

All alternatives are tried at the same points of their search spaces on one tuning seed; the best two of each
axis, and always the default, at their best points on more tuning seeds. The best one of each axis is judged
against the default on evaluation seeds, which no choice has seen. Everything is ranked at the end of a full
schedule, on validation rows. One round of Karnin, Koren & Somekh 2013, Almost optimal exploration in
multi-armed bandits, ICML, within each axis: over alternatives and points, never over the length of training.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from shoal.errors import UserError
from shoal.experiments import sizing, trials
from shoal.experiments.arms import Arm
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size, Tuning
from shoal.experiments.training import Training, trial_name
from shoal.experiments.trials import FEWEST, Best, Tried
from shoal.population.recipe import Job

_FINALISTS, _POINTS = 2, 3
"""Alternatives of an axis in the finals, and points of each; twice the points for the default, whose point,
if it were only lucky, would cost every verdict instead of one."""
_TUNINGS = (Tuning(16, 8), Tuning(16, 4), Tuning(8, 4), Tuning(8, 3))
"""Trials of every alternative on the first seed, and further seeds of the finals: most first."""
_ENOUGH = sizing.ENOUGH + 4
"""Evaluation seeds that are reserved for judging."""
_LATE, _AT_MOST = 1.7, 0.75
"""How far a round may exceed its share of the time left, and the share that it may take at most."""
_WAIT = 0.4
"""Share of the time left that building the default's programs is weighed against."""
_SAMPLE = 9
"""Arms, evenly spread over the plan, whose speed is measured to know what all of them take."""
_START = 0.03
"""Seconds of a core that a network takes beside its steps: drawing weights, scoring, its learning curve."""


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
    """plan: the default and the best alternative of each axis; best: their points, empty where the default
    was tried too little to be judged. candidates: all, axis by axis, best first."""

    plan: Plan
    best: Mapping[str, Best]
    points: Mapping[str, Mapping[int, trials.Point]]
    candidates: tuple[Candidate, ...]


def networks(plan: Plan, tuning: Tuning) -> int:
    """Networks that the rounds need, extensions left out."""
    return sum(_rounds(plan, tuning))


def size(plan: Plan, training: Training) -> dict[str, Any]:
    """The longest training, then the most tuning, with which enough evaluation seeds fit, as plain data."""
    lengths = sizing.lengths(plan.train_rows, [arm.epochs for arm in plan.arms])
    sample = plan.arms[:: max(1, len(plan.arms) // _SAMPLE)] if plan.work is None else plan.arms
    rates, start = [1.0] * len(sample), 0.0
    if plan.work is None:
        recipes = [arm.at(trials.points(arm, 1)[0], lengths[0]) for arm in sample]
        left, start = training.clock.left, _START
        training.announce("measure", 0, f"measuring how fast {len(sample)} of the alternatives train")
        rates = training.trainer.measure(recipes, min(2.0, 0.04 * left), together=_TUNINGS[-1].trials)

        def say(words: str) -> None:
            training.announce("prepare", 0, words)

        # Most alternatives are networks of their own, which are not compiled: not much is worth a wait.
        training.trainer.prepare(recipes[:1], _WAIT * training.clock.left, say)
    capacity = float(plan.work) if plan.work is not None else 0.85 * training.clock.left
    judged = len(plan.screens) + 1

    def cost(length: float) -> float:
        pairs = zip(sample, rates, strict=True)
        steps = sum(training.trainer.steps(arm.at({}, length)) / rate for arm, rate in pairs)
        return start + steps / len(sample)

    def count(length: float, tuning: Tuning) -> int:
        return math.floor((capacity / cost(length) - networks(plan, tuning)) / judged)

    enough = plan.seeds or _ENOUGH
    fit = ((length, tuning) for length in lengths for tuning in _TUNINGS if count(length, tuning) >= enough)
    length, tuning = next(fit, (lengths[-1], _TUNINGS[-1]))
    least = math.ceil((networks(plan, tuning) + judged) * cost(length))
    if plan.work is not None and plan.work < least:
        raise UserError(
            f"work {plan.work:,} is too little to try {len(plan.arms) - 1} alternatives, which takes "
            f"{least:,} member-steps; give more, or name axes with --vary"
        )
    seeds, notes = count(length, tuning), []
    if length < lengths[0]:
        notes.append(f"the budget shortens training to {length:g} epochs ({lengths[0]:g} with more)")
    if seeds < sizing.ENOUGH:
        notes.append("the budget is too small to try every alternative: name axes with --vary, or give more")
    seeds = max(1, min(seeds, sizing.MOST if plan.seeds is None else plan.seeds))
    made = Size(length, tuning, seeds, tuple(notes))
    return {**made._asdict(), "tuning": tuning._asdict(), "rates": [], "pace": cost(length)}


def screen(plan: Plan, training: Training, size: Size) -> Screened:
    """Try the alternatives of every axis; the plan that is left has the best of each."""
    return _Screening(plan, training, size).run()


class _Screening:
    def __init__(self, plan: Plan, training: Training, size: Size):
        self.plan, self.training, self.size = plan, training, size
        seeds = list(plan.tuning_seeds(1 + size.tuning.finals))
        self.first, self.more = seeds[:1], seeds[1:]
        self.points: dict[str, dict[int, trials.Point]] = {arm.name: {} for arm in plan.arms}
        self.reserve = (len(plan.screens) + 1) * (plan.seeds or _ENOUGH)

    def run(self) -> Screened:
        first, finals = _rounds(self.plan, self.size.tuning)
        self._first_round(first / (first + finals + self.reserve))
        finalists = [self.plan.baseline]
        for names in self.plan.screens.values():
            finalists += self._ranking(names, self.first)[:_FINALISTS]
        seeds = self.first
        if self._time_for(finals):
            self._finals(finalists, finals / (finals + self.reserve))
            seeds = [*self.first, *self._whole(finalists)]
        chosen = [self.plan.baseline]
        for names in self.plan.screens.values():
            chosen += self._ranking([name for name in names if name in finalists], seeds)[:1]
        judgeable = len(self._tried(self.plan.baseline, self.first)) >= FEWEST
        return Screened(
            replace(self.plan, arms=tuple(arm for arm in self.plan.arms if arm.name in chosen)),
            {name: self._best(name, seeds) for name in chosen} if judgeable else {},
            self.points,
            self._candidates(finalists, seeds),
        )

    def _first_round(self, share: float) -> None:
        """All trials of all arms, in a share of the time; all arms' first one first."""
        count = self.size.tuning.trials
        for arm in self.plan.arms:
            self.points[arm.name] = dict(enumerate(trials.points(arm, count)))
        names = [arm.name for arm in self.plan.arms]
        jobs = [self._job(name, number, self.first[0]) for number in range(count) for name in names]
        self.training.train("tune-screen-1", jobs, self._until(share))

    def _finals(self, arms: Sequence[str], share: float) -> None:
        """The best points of each on more seeds, and one beyond the edge where the best lr lies there."""
        higher, jobs = self.plan.higher_is_better, []
        for name in arms:
            tried = self._tried(name, self.first)
            if not tried:
                continue
            count = self.size.tuning.trials
            beyond = trials.beyond(_arm(self.plan, name), self._best(name, self.first), 1)
            self.points[name] |= dict(enumerate(beyond, start=count))
            points = 2 * _POINTS if name == self.plan.baseline else _POINTS
            order = trials.ranked(tried, higher)[:points]
            jobs += [self._job(name, number, seed) for seed in self.more for number in order]
            new = range(count, count + len(beyond))
            jobs += [self._job(name, number, seed) for number in new for seed in (*self.first, *self.more)]
        self.training.train("tune-screen-finals", jobs, self._until(share))

    def _best(self, arm: str, seeds: Sequence[int]) -> Best:
        """The best point on ``seeds``; an edge is one of all that were tried."""
        one, tried = _arm(self.plan, arm), self._tried(arm, seeds)
        if not tried:
            return Best(0, trials.points(one, 1)[0], {})
        number = trials.ranked(tried, self.plan.higher_is_better)[0]
        everything = [point for point, _ in self._tried(arm, self.first).values()]
        edges = trials.edges(one, tried[number][0], everything)
        return Best(number, tried[number][0], edges, len(seeds) if one.space else 0)

    def _until(self, share: float) -> float | None:
        """When a round that should take ``share`` of the time left is cut off: networks that train together
        end together, so a little too early would lose most of them."""
        return self.training.clock.after(min(_AT_MOST, _LATE * share))

    def _job(self, arm: str, number: int, seed: int) -> Job:
        recipe = _arm(self.plan, arm).at(self.points[arm][number], self.size.epochs)
        return Job(trial_name(arm, number, seed), recipe, seed, judged=False)

    def _tried(self, arm: str, seeds: Sequence[int]) -> Tried:
        """The trials that finished on all of ``seeds``."""
        done = self.training.outcomes("tune")
        return {
            number: (point, [done[trial_name(arm, number, seed)] for seed in seeds])
            for number, point in self.points[arm].items()
            if all(trial_name(arm, number, seed) in done for seed in seeds)
        }

    def _whole(self, arms: Sequence[str]) -> list[int]:
        """Those of the finals' seeds on which every finalist has finished a point."""
        return [seed for seed in self.more if all(self._tried(name, [*self.first, seed]) for name in arms)]

    def _ranking(self, names: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """Those that were tuned, by the validation score, then loss, of their best point."""

        def rank(name: str) -> tuple[float, float]:
            tried = self._tried(name, seeds)
            best = tried[trials.ranked(tried, self.plan.higher_is_better)[0]][1]
            if any(one.diverged for one in best):
                return math.inf, math.inf
            score = sum(one.valid_score for one in best) / len(best)
            loss = sum(one.valid_loss for one in best) / len(best)
            return (-score if self.plan.higher_is_better else score), loss

        tuned = [name for name in names if len(self._tried(name, self.first)) >= FEWEST]
        return sorted((name for name in tuned if self._tried(name, seeds)), key=rank)

    def _time_for(self, finals: int) -> bool:
        """Whether the finals leave time to judge; always where no clock decides."""
        if self.plan.work is not None:
            return True

        def fits() -> bool:
            return (finals + self.reserve) * self.training.pace <= self.training.clock.left

        return bool(self.training.decided("go/screen-finals", fits))

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
        score = sum(math.nan if one.diverged else one.valid_score for one in best) / len(best)
        return Candidate(axis, name, score, len(seeds), len(self._tried(name, self.first)))


def _arm(plan: Plan, name: str) -> Arm:
    return next(arm for arm in plan.arms if arm.name == name)


def _rounds(plan: Plan, tuning: Tuning) -> tuple[int, int]:
    """Networks of the first round and of the finals, where the default counts twice."""
    finalists = 2 + sum(min(_FINALISTS, len(names)) for names in plan.screens.values())
    return tuning.trials * len(plan.arms), _POINTS * tuning.finals * finalists
