"""Carrying out a plan: size, tune, extend, evaluate.

Each phase is a pure function of the plan and of what is recorded of earlier phases, and whatever a clock
decided is recorded before it is acted on. So a run that was killed continues as if it had not been.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from shoal.experiments import sizing, trials
from shoal.experiments.budget import Clock
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size
from shoal.experiments.standing import Watch
from shoal.experiments.training import Journal, Training, evaluation_name, trial_name
from shoal.experiments.trials import Best, Point
from shoal.population.recipe import Job, Outcome
from shoal.population.trainer import Trainer

_SAFETY = 0.85
"""Share of the time left that a forecast may fill."""

Tried = Mapping[str, Mapping[int, Point]]
"""By arm: the points tried, by trial number."""


class Finished(NamedTuple):
    """How a run ended: by arm the chosen point and the outcomes by evaluation seed, the same seeds for all.

    tried: by arm the points that were tuned with. tuned: whether every arm with something to tune got its
    point from at least ``trials.FEWEST`` trials.
    """

    size: Size
    best: Mapping[str, Best]
    tried: Tried
    tuned: bool
    outcomes: Mapping[str, Mapping[int, Outcome]]
    interrupted: bool
    networks: int
    member_steps: int


class Run:
    """One process' share of a comparison."""

    def __init__(
        self, plan: Plan, trainer: Trainer, journal: Journal, clock: Clock, watch: Watch | None = None
    ):
        self.plan, self.trainer, self.journal, self.clock = plan, trainer, journal, clock
        self.training = Training(trainer, journal, clock, [arm.name for arm in plan.arms], watch)
        self._tried: Tried = {}
        self._pace = 0.0  # seconds, or member-steps, that one network of every arm takes together

    def size(self) -> Size:
        """What the budget pays, decided once and recorded."""
        recorded = self.journal.choice("size")
        if recorded is None:
            size = self._decide()
            recorded = {**size._asdict(), "notes": list(size.notes), "pace": self._pace}
            self.journal.choose("size", recorded)
        self._pace = recorded["pace"]
        fields = {name: recorded[name] for name in Size._fields}
        return Size(**{**fields, "notes": tuple(recorded["notes"])})

    def complete(self, size: Size) -> Finished:
        """Tune and evaluate; Ctrl-C ends it early, with what is finished."""
        best = {arm.name: Best(0, trials.points(arm, 1)[0], 0) for arm in self.plan.arms}
        tuned = not any(arm.space for arm in self.plan.arms)
        interrupted = False
        try:
            if size.tuning_seeds:
                chosen = self.tune(size)
                best, tuned = {**best, **chosen}, len(chosen) == len(self.plan.arms)
            self.evaluate(size, best)
        except KeyboardInterrupt:
            interrupted = True
        everything = [one for found in self.training.phases.values() for one in found.values()]
        return Finished(
            size,
            best,
            self._tried,
            tuned,
            self._paired(),
            interrupted,
            len(everything),
            sum(one.steps for one in everything),
        )

    def tune(self, size: Size) -> dict[str, Best]:
        """The best point of each arm; empty when the deadline left fewer than ``FEWEST`` trials."""
        seeds = self.plan.tuning_seeds(size.tuning_seeds)
        tried: Tried = {arm.name: dict(enumerate(trials.points(arm, size.trials))) for arm in self.plan.arms}
        networks = sizing.tuning_networks(size.trials, size.tuning_seeds)
        deadline = self._deadline(networks / (networks + sizing.ENOUGH))
        self._tried = tried
        self._train_trials("tune", tried, seeds, size.epochs, deadline)
        best = self._chosen(tried, seeds, size.trials)
        for number in range(1, trials.ROUNDS + 1):
            new = self._beyond(tried, best, size.trials)
            if not any(new.values()):
                break
            self._tried = tried = {name: {**tried[name], **new[name]} for name in tried}
            self._train_trials(f"extend-{number}", new, seeds, size.epochs, deadline)
            best = self._chosen(tried, seeds, size.trials)
        return best

    def evaluate(self, size: Size, best: Mapping[str, Best]) -> None:
        """Train every arm at its chosen point on fresh seeds, in blocks of seeds with all arms."""
        done, block = 0, 0
        while True:
            count = self.journal.choice(f"block-{block}")
            if count is None:
                count = self._next_block(size, done)
                self.journal.choose(f"block-{block}", count)
            if count == 0:
                return
            jobs = [
                Job(evaluation_name(arm.name, seed), arm.at(best[arm.name].point, size.epochs), seed)
                for seed in self.plan.evaluation_seeds(done + count)[done:]
                for arm in self.plan.arms
            ]
            pace = self.training.train(f"evaluate-{block}", jobs, self.clock.deadline)
            self._pace = self._pace if pace is None else pace * len(self.plan.arms)
            done, block = done + count, block + 1

    def _decide(self) -> Size:
        plan, epochs = self.plan, sizing.lengths(self.plan.train_rows)
        rates, capacity = [1.0] * len(plan.arms), float(plan.work or 0)
        if plan.work is None:
            recipes = [arm.at(trials.points(arm, 1)[0], epochs[0]) for arm in plan.arms]
            rates = self.trainer.measure(recipes, min(4.0, 0.08 * self.clock.left))
            capacity = _SAFETY * self.clock.left

        def cost(length: float) -> float:
            pairs = zip(plan.arms, rates, strict=True)
            return sum(self.trainer.steps(arm.at({}, length)) / rate for arm, rate in pairs)

        tune = any(arm.space for arm in plan.arms)
        size = sizing.decide(cost, capacity, epochs, plan.seeds, tune)
        self._pace = cost(size.epochs)
        return size

    def _next_block(self, size: Size, done: int) -> int:
        """Seeds of the next block; 0 ends the evaluation. With ``work`` one block holds what is left."""
        most = sizing.MOST if self.plan.seeds is None else self.plan.seeds
        if self.plan.work is not None:
            left = self.plan.work - self.training.planned_steps
            return max(0, min(math.floor(left / self._pace), most)) if done == 0 else 0
        fit = math.floor(_SAFETY * self.clock.left / self._pace)
        count = min(fit if fit <= 3 else math.floor(0.7 * fit), most - done)
        if done >= sizing.ENOUGH and self.plan.seeds is None and count < 0.05 * done:
            return 0
        return 1 if done == count == 0 and self.clock.left > 0 and most > 0 else count

    def _deadline(self, share: float) -> float | None:
        """The time (time.monotonic) when ``share`` of what is left has passed; None without a budget."""
        if self.clock.deadline is None:
            return None
        return self.clock.deadline - (1 - share) * self.clock.left

    def _train_trials(
        self, phase: str, points: Tried, seeds: range, epochs: float, deadline: float | None
    ) -> None:
        jobs = [
            Job(trial_name(arm.name, trial, seed), arm.at(point, epochs), seed)
            for arm in self.plan.arms
            for trial, point in points[arm.name].items()
            for seed in seeds
        ]
        pace = self.training.train(phase, jobs, deadline)
        if self.plan.work is None and pace is not None:
            self._pace = pace * len(self.plan.arms)

    def _chosen(self, tried: Tried, seeds: range, count: int) -> dict[str, Best]:
        """Choices among finished trials; of the first ``count`` only those that every arm finished."""
        recorded = self.training.outcomes("tune")
        finished: dict[str, dict[int, tuple[Point, list[Outcome]]]] = {}
        for arm in self.plan.arms:
            names = {
                trial: [trial_name(arm.name, trial, seed) for seed in seeds] for trial in tried[arm.name]
            }
            finished[arm.name] = {
                trial: (point, [recorded[name] for name in names[trial]])
                for trial, point in tried[arm.name].items()
                if all(name in recorded for name in names[trial])
            }
        common = set.intersection(*(set(one) for one in finished.values())) & set(range(count))
        if len(common) < min(trials.FEWEST, count):
            return {}
        best = {}
        for arm in self.plan.arms:
            fair = {
                trial: one for trial, one in finished[arm.name].items() if trial in common or trial >= count
            }
            best[arm.name] = trials.choose(arm, fair, self.plan.higher_is_better)
        return best

    def _beyond(self, tried: Tried, best: Mapping[str, Best], count: int) -> dict[str, dict[int, Point]]:
        """New points, numbered on from those tried, for every arm whose best lr lies at its edge."""
        new: dict[str, dict[int, Point]] = {}
        for arm in self.plan.arms:
            found = trials.beyond(arm, best[arm.name], trials.extension(count)) if best else []
            new[arm.name] = dict(enumerate(found, start=len(tried[arm.name])))
        return new

    def _paired(self) -> dict[str, dict[int, Outcome]]:
        """Evaluation outcomes by arm and seed, of the seeds that every arm finished."""
        recorded = self.training.outcomes("evaluate")
        arms = [arm.name for arm in self.plan.arms]
        seeds = sorted({int(name.rpartition("/")[2]) for name in recorded})
        paired = [seed for seed in seeds if all(evaluation_name(arm, seed) in recorded for arm in arms)]
        return {arm: {seed: recorded[evaluation_name(arm, seed)] for seed in paired} for arm in arms}
