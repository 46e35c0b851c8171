"""Training the jobs of a phase: what is recorded is not trained again, what comes is recorded at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from shoal.experiments.budget import Clock
from shoal.experiments.plan import Plan
from shoal.experiments.sequential import Look
from shoal.experiments.standing import Meter, Standing, Watch, standings
from shoal.population.recipe import Job, Outcome, Progress
from shoal.population.trainer import Memory, Trainer

_EVERY = 0.2
"""Seconds between two reports to the watcher."""
_TELLING = 14
"""Networks from which on a phase tells the pace: fewer cannot fill the machine."""


class Journal(Protocol):
    """What a run needs of ``shoal.store.record.Record``: what is written survives a kill, the first stays."""

    def outcomes(self, phase: str) -> Mapping[str, Outcome]: ...
    def add_outcome(self, phase: str, outcome: Outcome) -> bool: ...
    def choice(self, key: str) -> Any | None: ...
    def choices(self) -> Mapping[str, Any]: ...
    def choose(self, key: str, value: Any) -> Any: ...


def trial_name(arm: str, trial: int, seed: int) -> str:
    """The name of a tuning job."""
    return f"tune/{arm}/{trial}/{seed}"


def evaluation_name(arm: str, seed: int) -> str:
    """The name of an evaluation job."""
    return f"evaluate/{arm}/{seed}"


def condition_name(condition: str, arm: str, seed: int) -> str:
    """The name of an evaluation job under another condition, "untuned" or a length."""
    return f"also/{condition}/{arm}/{seed}"


class Training:
    """Phases in the order they were trained, and their outcomes by phase and job name.

    looks: what the evaluation's last look said of the arms, for the watcher.
    """

    def __init__(
        self,
        trainer: Trainer,
        journal: Journal,
        clock: Clock,
        plan: Plan,
        watch: Watch | None = None,
        memory: Memory | None = None,
    ):
        self.memory = memory
        self.trainer, self.journal, self.clock = trainer, journal, clock
        self.plan, self.watch, self.meter = plan, watch, Meter()
        self.looks: Mapping[str, Look] = {}
        self.phases: dict[str, dict[str, Outcome]] = {}
        self.planned_steps = 0
        self.pace = 0.0
        self.trained = self._steps = 0
        self._told = 0.0

    def decided(self, key: str, decide: Callable[[], Any]) -> Any:
        """The recorded choice, or ``decide()``, recorded before it is used."""
        choice = self.journal.choice(key)
        return self.journal.choose(key, decide()) if choice is None else choice

    def train(self, phase: str, jobs: Sequence[Job], deadline: float | None) -> None:
        """Train what is not recorded yet; afterwards the phase is over for good, finished or not.

        ``pace`` becomes the wall seconds a network took, ``planned_steps`` grows by the jobs' steps and
        ``trained`` by the networks that this process trained.
        """
        found = self.phases[phase] = dict(self.journal.outcomes(phase))
        self.planned_steps += sum(self.trainer.steps(job.recipe) for job in jobs)
        if self.journal.choice(f"over/{phase}") is not None or not jobs:
            return
        done, began = frozenset(found), self.clock.elapsed
        self.meter.begin()
        self.announce(phase, len(jobs))

        def heard(progress: Progress) -> None:
            self.meter.hear(progress)
            self.announce(phase, len(jobs), often=True)

        stream = self.trainer.train(
            phase, jobs, done=done, deadline=deadline, on_progress=heard, memory=self.memory
        )
        before = self.meter.member_steps
        try:
            tried = {job.name: dict(job.recipe.hyper) for job in jobs}
            for trained in stream:
                outcome = trained._replace(details={**trained.details, "hyper": tried[trained.name]})
                self.journal.add_outcome(phase, outcome)
                found[outcome.name] = outcome
                self.meter.finish(outcome.steps)
                self.trained += 1
                self.announce(phase, len(jobs), often=True)
        finally:
            self._steps = self.meter.member_steps - before
            self.meter.end()
            if hasattr(stream, "close"):
                stream.close()
        self.announce(phase, len(jobs))
        self.journal.choose(f"over/{phase}", len(found))
        self._pace_of(self.clock.elapsed - began, [job for job in jobs if job.name not in done], found)

    def _pace_of(self, elapsed: float, jobs: Sequence[Job], found: Mapping[str, Outcome]) -> None:
        """Seconds a network takes; unfinished ones count by the steps that the trainer reports."""
        planned = sum(self.trainer.steps(job.recipe) for job in jobs)
        finished = sum(job.name in found for job in jobs)
        networks = max(finished, len(jobs) * self._steps / max(planned, 1))
        if len(jobs) >= min(_TELLING, 2 * len(self.plan.arms)):
            self.pace = elapsed / max(networks, 0.5)

    def outcomes(self, kind: str) -> dict[str, Outcome]:
        """Outcomes by job name of all phases of a kind: "tune" (extensions included) or "evaluate"."""
        return {
            name: outcome
            for found in self.phases.values()
            for name, outcome in found.items()
            if name.startswith(f"{kind}/")
        }

    def announce(self, phase: str, planned: int, note: str | None = None, often: bool = False) -> None:
        """Tell the watcher how things stand in a phase of ``planned`` networks; what comes ``often`` is told
        a few times a second."""
        now = time.monotonic()
        if self.watch is None or (often and now - self._told < _EVERY):
            return
        self._told = now
        kind = "evaluate" if phase.startswith(("evaluate", "close")) else "tune"
        networks = sum(len(found) for found in self.phases.values())
        self.watch(
            Standing(
                phase=phase,
                networks=networks,
                networks_planned=networks - len(self.phases.get(phase, ())) + planned,
                member_steps=self.meter.member_steps,
                steps_per_second=self.meter.rate,
                seconds_left=self.clock.left,
                arms=standings(self.plan, kind, self.outcomes(kind), self.looks),
                note=self.meter.note if note is None else note,
            )
        )
