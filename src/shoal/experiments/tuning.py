"""Tuning: the same trials for every arm on tuning seeds and validation rows; past the edge if need be.

In two stages, because the luck of a few seeds would choose otherwise: all trials on one or two seeds, then
the best few of each arm on more. One round of Karnin, Koren & Somekh 2013, Almost optimal exploration in
multi-armed bandits, ICML.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shoal.experiments import sizing, trials
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size
from shoal.experiments.training import Training, trial_name
from shoal.experiments.trials import Best, Point, Tried
from shoal.population.recipe import Job

Points = Mapping[str, Mapping[int, Point]]
"""By arm: points of its space by trial number."""


class Tuned(NamedTuple):
    """By arm the best point and all points tried; ``best`` is empty when tuning was cut off too early."""

    best: Mapping[str, Best]
    points: Points


def tune(plan: Plan, training: Training, size: Size) -> Tuned:
    """The best point of each arm.

    A phase is a tuning seed, an extension or the finals, with all arms in it. With a budget, a phase after
    the first is left out, and that is recorded, when it would leave too little time to judge. Fewer than
    ``trials.FEWEST`` trials that all arms finished are no tuning.
    """
    return _Tuning(plan, training, size).run()


class _Tuning:
    def __init__(self, plan: Plan, training: Training, size: Size):
        self.plan, self.training, self.size = plan, training, size
        self.points: Points = {
            arm.name: dict(enumerate(trials.points(arm, size.tuning.trials))) for arm in plan.arms
        }
        seeds = plan.tuning_seeds(size.tuning.seeds + size.tuning.finals)
        self.first, self.more = list(seeds[: size.tuning.seeds]), list(seeds[size.tuning.seeds :])

    def run(self) -> Tuned:
        for number, seed in enumerate(self.first):
            if not self._train(f"tune-{number}", self.points, [seed]):
                self.first = self.first[:number]
        best = self._choose()
        for number in range(1, trials.ROUNDS + 1):
            new = self._beyond(best)
            if not any(new.values()) or not self._train(f"extend-{number}", new, self.first):
                break
            self.points = {name: {**self.points[name], **new[name]} for name in new}
            best = self._choose()
        return Tuned(self._finals() if best and self.more else best, self.points)

    def _choose(self) -> dict[str, Best]:
        fair = self._fair()
        if min(map(len, fair.values())) < trials.FEWEST:
            return {}
        return {arm.name: trials.choose(arm, fair[arm.name], self._higher) for arm in self.plan.arms}

    def _finals(self) -> dict[str, Best]:
        """The best of each arm's finalists, on all tuning seeds that every finalist finished."""
        points: dict[str, dict[int, Point]] = {}
        for name, tried in self._fair().items():
            order = trials.ranked(tried, self._higher)[: trials.FINALISTS]
            points[name] = {trial: tried[trial][0] for trial in order}
        if not self._train("tune-finals", points, self.more):
            return self._choose()
        recorded = self.training.outcomes("tune")
        names = [(name, trial) for name, found in points.items() for trial in found]
        whole = [seed for seed in self.more if all(trial_name(*name, seed) in recorded for name in names)]
        finalists = self._finished(points, [*self.first, *whole])
        best = {}
        for arm in self.plan.arms:
            winner = trials.ranked(finalists[arm.name], self._higher)[0]
            point = points[arm.name][winner]
            best[arm.name] = Best(winner, point, trials.edge(arm, point, self.points[arm.name].values()))
        return best

    def _beyond(self, best: Mapping[str, Best]) -> dict[str, dict[int, Point]]:
        """New points, numbered on from those tried, for every arm whose best lr lies at its edge."""
        new: dict[str, dict[int, Point]] = {}
        for arm in self.plan.arms:
            count = trials.extension(self.size.tuning.trials)
            found = trials.beyond(arm, best[arm.name], count) if best else []
            new[arm.name] = dict(enumerate(found, start=len(self.points[arm.name])))
        return new

    def _train(self, phase: str, points: Points, seeds: Sequence[int]) -> bool:
        """Train trial by trial, so that a deadline cuts off the last trials of all arms. False: no time."""
        plan, training = self.plan, self.training
        jobs = [
            Job(trial_name(arm.name, trial, seed), arm.at(points[arm.name][trial], self.size.epochs), seed)
            for trial in dict.fromkeys(trial for found in points.values() for trial in found)
            for arm in plan.arms
            if trial in points[arm.name]
            for seed in seeds
        ]
        judging = len(plan.arms) * (sizing.ENOUGH if plan.seeds is None else plan.seeds)
        if plan.work is None and phase != "tune-0":
            needed = (len(jobs) + judging) * training.pace
            if not training.decided(f"go/{phase}", lambda: needed <= training.clock.left):
                return False
        training.train(phase, jobs, training.clock.after(len(jobs) / (len(jobs) + judging)))
        return True

    def _finished(self, points: Points, seeds: Sequence[int]) -> dict[str, Tried]:
        """By arm the trials that finished on all of ``seeds``."""
        recorded = self.training.outcomes("tune")
        return {
            name: {
                trial: (point, [recorded[trial_name(name, trial, seed)] for seed in seeds])
                for trial, point in found.items()
                if all(trial_name(name, trial, seed) in recorded for seed in seeds)
            }
            for name, found in points.items()
        }

    def _fair(self) -> dict[str, Tried]:
        """Of the trials all arms get those that every arm finished, and each arm's own extensions."""
        finished, count = self._finished(self.points, self.first), self.size.tuning.trials
        common = set(range(count)).intersection(*finished.values())
        return {
            name: {trial: one for trial, one in tried.items() if trial in common or trial >= count}
            for name, tried in finished.items()
        }

    @property
    def _higher(self) -> bool:
        return self.plan.higher_is_better
