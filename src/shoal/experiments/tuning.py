"""Tuning: the same trials for every arm on tuning seeds and validation rows; past the edge if need be.

All trials are tried on one seed; then, because its luck would choose otherwise, the better half of each arm
on more, and again half of these (``trials.finals``); the last of the baseline, whose luck would be in every
verdict, on twice as many.
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


_LEAST_FINALS = 2
"""Seeds of the finals that matter more than trials beyond the first few."""


class Tuned(NamedTuple):
    """By arm the best point and all points tried; ``best`` is empty when tuning was cut off too early.
    attempt: the number of this attempt, which its seeds follow from."""

    best: Mapping[str, Best]
    points: Points
    attempt: int = 0


def tune(plan: Plan, training: Training, size: Size, attempt: int = 0, last: bool = True) -> Tuned | None:
    """The best point of each arm; None if the first trials show that the rest would not fit, unless ``last``.

    A phase holds a few trials of all arms, an extension or the finals. With a budget, a phase after the
    first is left out, and that is recorded, when it would leave too little time to judge. Fewer than
    ``trials.FEWEST`` trials that all arms finished are no tuning. Every attempt has seeds of its own.
    """
    if size.tuning.networks == 0:
        return Tuned({}, {}, attempt)
    return _Tuning(plan, training, size, attempt).run(last)


class _Tuning:
    def __init__(self, plan: Plan, training: Training, size: Size, attempt: int):
        self.plan, self.training, self.size, self.attempt = plan, training, size, attempt
        seeds = plan.tuning_seeds(1 + size.tuning.finals, attempt)
        self.first, self.more = list(seeds[:1]), list(seeds[1:])
        self.count = 0
        self.points: Points = {arm.name: {} for arm in plan.arms}
        self.judging = len(plan.arms) * (sizing.ENOUGH if plan.seeds is None else plan.seeds)

    def run(self, last: bool) -> Tuned | None:
        while self.count < self.size.tuning.trials:
            until = min(max(trials.FEWEST, 2 * self.count), self.size.tuning.trials)
            wanted = {arm.name: trials.points(arm, until) for arm in self.plan.arms}
            new = {name: dict(enumerate(found[self.count :], self.count)) for name, found in wanted.items()}
            if self.count and not self._time_for(f"tune-{until}", new, reserve=self._final(_LEAST_FINALS)):
                break
            self._train(f"tune-{self.attempt}-{until}", new, self.first)
            self._add(new)
            self.count = until
            if not last and until == trials.FEWEST and not self._time_for("rest", {}, reserve=self._rest()):
                return None
        best = self._choose()
        for number in range(1, trials.ROUNDS + 1):
            new = self._beyond(best)
            if not any(new.values()) or not self._time_for(f"extend-{number}", new):
                break
            self._train(f"extend-{self.attempt}-{number}", new, self.first)
            self._add(new)
            best = self._choose()
        return Tuned(self._finals() if best and self._more() else best, self.points, self.attempt)

    def _add(self, new: Points) -> None:
        self.points = {name: {**self.points[name], **new[name]} for name in new}

    def _choose(self) -> dict[str, Best]:
        fair = self._fair()
        if min(map(len, fair.values())) < trials.FEWEST:
            return {}
        return {arm.name: trials.choose(arm, fair[arm.name], self._higher) for arm in self.plan.arms}

    def _finals(self) -> dict[str, Best]:
        """The best of each arm, on all tuning seeds that every one of its last finalists finished."""
        tried, seeds, left = self._fair(), list(self.first), self._more()
        points: dict[str, dict[int, Point]] = {}
        for number, (kept, more) in enumerate(trials.finals(self.count, len(left))):
            for name, found in tried.items():
                points[name] = {one: found[one][0] for one in trials.ranked(found, self._higher)[:kept]}
            next_seeds, left = left[:more], left[more:]
            self._train(f"tune-{self.attempt}-finals-{number}", points, next_seeds)
            whole = self._whole(points, next_seeds)
            seeds += whole
            tried = self._finished(points, seeds)
            if len(whole) < len(next_seeds):
                break
        best = self._winners(points, seeds)
        new = self._beyond(best)
        if any(new.values()) and self._time_for("extend-finals", new, times=len(seeds)):
            self._train(f"extend-{self.attempt}-finals", new, seeds)
            self._add(new)
            points = {name: {**points[name], **new[name]} for name in points}
            best = self._winners(points, seeds)
        return best | self._surer(points[self.plan.baseline], seeds)

    def _whole(self, points: Points, seeds: Sequence[int]) -> list[int]:
        """Those of the seeds on which all points were finished."""
        recorded = self.training.outcomes("tune")
        names = [(name, trial) for name, found in points.items() for trial in found]
        return [seed for seed in seeds if all(trial_name(*name, seed) in recorded for name in names)]

    def _surer(self, points: Mapping[int, Point], seeds: Sequence[int]) -> dict[str, Best]:
        """The baseline's best on as many seeds again: a point only lucky would be in every verdict."""
        name, phase = self.plan.baseline, "finals-baseline"
        again = self.plan.tuning_seeds(1 + 2 * self.size.tuning.finals, self.attempt)[-len(self._more()) :]
        only: Points = {arm.name: points if arm.name == name else {} for arm in self.plan.arms}
        if not points or not self._time_for(phase, only, times=len(again)):
            return {}
        self._train(f"tune-{self.attempt}-{phase}", only, again)
        return self._winners({name: points}, [*seeds, *self._whole(only, again)])

    def _winners(self, points: Points, seeds: Sequence[int]) -> dict[str, Best]:
        """The best of ``points`` on ``seeds``; an edge is one of all trials that were finished."""
        finished, tried, best = self._finished(points, seeds), self._fair(), {}
        for arm in (arm for arm in self.plan.arms if arm.name in points):
            winner = trials.ranked(finished[arm.name], self._higher)[0]
            point = points[arm.name][winner]
            edges = trials.edges(arm, point, [one for one, _ in tried[arm.name].values()])
            best[arm.name] = Best(winner, point, edges, len(seeds) if arm.space else 0)
        return best

    def _beyond(self, best: Mapping[str, Best]) -> dict[str, dict[int, Point]]:
        """New points, numbered on from those tried, for every arm with a best lr at its edge."""
        new: dict[str, dict[int, Point]] = {}
        for arm in self.plan.arms:
            count = trials.extension(self.count)
            found = trials.beyond(arm, best[arm.name], count) if best else []
            new[arm.name] = dict(enumerate(found, start=len(self.points[arm.name])))
        return new

    def _more(self) -> list[int]:
        """The finals' seeds: with a budget, as many as leave time to judge, decided and recorded once."""
        if self.plan.work is not None or not self.more:
            return self.more

        def fit() -> int:
            networks = self.training.clock.left / self.training.pace - self.judging
            counts = range(len(self.more), 0, -1)
            return next((count for count in counts if self._final(count) <= networks), 0)

        return self.more[: self.training.decided(f"finals/{self.attempt}", fit)]

    def _rest(self) -> int:
        """Networks that tuning needs at least after the first trials: as many more, and the finals."""
        more = min(trials.FEWEST, self.size.tuning.trials - self.count)
        return len(self.plan.arms) * more + self._final(_LEAST_FINALS)

    def _final(self, seeds: int) -> int:
        """Networks of the finals with ``seeds`` seeds."""
        rounds = trials.finals(self.size.tuning.trials, min(seeds, len(self.more)))
        return len(self.plan.arms) * sum(kept * more for kept, more in rounds)

    def _train(self, phase: str, points: Points, seeds: Sequence[int]) -> None:
        """Train the points of all arms, at the utmost until judging needs the rest of the time."""
        jobs = [
            Job(
                trial_name(arm.name, trial, seed),
                arm.at(points[arm.name][trial], self.size.epochs),
                seed,
                judged=False,
            )
            for trial in dict.fromkeys(trial for found in points.values() for trial in found)
            for arm in self.plan.arms
            if trial in points[arm.name]
            for seed in seeds
        ]
        clock = self.training.clock
        deadline = clock.after(len(jobs) / (len(jobs) + self.judging))
        if deadline is not None and clock.deadline is not None and self.count:
            # From the second phase on the pace is known.
            deadline = max(deadline, clock.deadline - self.judging * self.training.pace)
        self.training.train(phase, jobs, deadline)

    def _time_for(self, phase: str, points: Points, times: int = 1, reserve: int = 0) -> bool:
        """Whether these points, ``times`` each, leave time for ``reserve`` networks and judging.

        Always, where no clock decides.
        """
        if self.plan.work is not None:
            return True
        networks = times * sum(map(len, points.values())) + reserve + self.judging
        time = networks * self.training.pace
        key = f"go/{self.attempt}/{phase}"
        return bool(self.training.decided(key, lambda: time <= self.training.clock.left))

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
        finished, count = self._finished(self.points, self.first), self.count
        common = set(range(count)).intersection(*finished.values())
        return {
            name: {trial: one for trial, one in tried.items() if trial in common or trial >= count}
            for name, tried in finished.items()
        }

    @property
    def _higher(self) -> bool:
        return self.plan.higher_is_better
