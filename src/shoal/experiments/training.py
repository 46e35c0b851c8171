"""Training the jobs of a phase: what is recorded is not trained again, what comes is recorded at once."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shoal.experiments.budget import Clock
from shoal.experiments.standing import ArmStanding, Meter, Standing, Watch
from shoal.population.recipe import Job, Outcome, Progress
from shoal.population.trainer import Trainer


class Journal(Protocol):
    """What a run needs of the record: outcomes by phase and job name, choices by key; both survive a kill."""

    def outcomes(self, phase: str) -> Mapping[str, Outcome]: ...
    def add_outcome(self, phase: str, outcome: Outcome) -> None: ...
    def choice(self, key: str) -> Any | None: ...
    def choose(self, key: str, value: Any) -> None: ...


def trial_name(arm: str, trial: int, seed: int) -> str:
    """The name of a tuning job."""
    return f"tune/{arm}/{trial}/{seed}"


def evaluation_name(arm: str, seed: int) -> str:
    """The name of an evaluation job."""
    return f"evaluate/{arm}/{seed}"


class Training:
    """Phases in the order they were trained, and their outcomes by phase and job name."""

    def __init__(
        self, trainer: Trainer, journal: Journal, clock: Clock, arms: Sequence[str], watch: Watch | None
    ):
        self.trainer, self.journal, self.clock = trainer, journal, clock
        self.arms, self.watch, self.meter = arms, watch, Meter()
        self.phases: dict[str, dict[str, Outcome]] = {}
        self.planned_steps = 0

    def train(self, phase: str, jobs: Sequence[Job], deadline: float | None) -> float | None:
        """Train what is not recorded yet; afterwards the phase is over for good, finished or not.

        Returns seconds per network of those trained just now, None if there were none or some are missing.
        """
        found = self.phases[phase] = dict(self.journal.outcomes(phase))
        self.planned_steps += sum(self.trainer.steps(job.recipe) for job in jobs)
        if self.journal.choice(f"over/{phase}") is not None or not jobs:
            return None
        done, began = frozenset(found), self.clock.elapsed
        self.meter.begin()
        self._tell(phase, len(jobs))

        def heard(progress: Progress) -> None:
            self.meter.hear(progress)
            self._tell(phase, len(jobs))

        stream = self.trainer.train(phase, jobs, done=done, deadline=deadline, on_progress=heard)
        try:
            for outcome in stream:
                self.journal.add_outcome(phase, outcome)
                found[outcome.name] = outcome
                self.meter.finish(outcome.steps)
                self._tell(phase, len(jobs))
        finally:
            self.meter.end()
            if hasattr(stream, "close"):
                stream.close()
        self.journal.choose(f"over/{phase}", len(found))
        complete = len(found) == len(jobs) > len(done)
        return (self.clock.elapsed - began) / (len(jobs) - len(done)) if complete else None

    def outcomes(self, kind: str) -> dict[str, Outcome]:
        """Outcomes by job name of all phases of a kind: "tune" (extensions included) or "evaluate"."""
        return {
            name: outcome
            for found in self.phases.values()
            for name, outcome in found.items()
            if name.startswith(f"{kind}/")
        }

    def _tell(self, phase: str, planned: int) -> None:
        if self.watch is None:
            return
        kind = "evaluate" if phase.startswith("evaluate") else "tune"
        recorded = self.outcomes(kind)
        networks = sum(len(found) for found in self.phases.values())
        self.watch(
            Standing(
                phase=phase,
                networks=networks,
                networks_planned=networks - len(self.phases[phase]) + planned,
                member_steps=self.meter.member_steps,
                steps_per_second=self.meter.rate,
                seconds_left=self.clock.left,
                arms=tuple(_standing(arm, kind, recorded) for arm in self.arms),
                note=self.meter.note,
            )
        )


def _standing(arm: str, kind: str, recorded: Mapping[str, Outcome]) -> ArmStanding:
    parts = 2 if kind == "tune" else 1
    scores = [
        one.valid_score if kind == "tune" else one.test_score
        for name, one in recorded.items()
        if name.rsplit("/", parts)[0] == f"{kind}/{arm}" and not one.diverged
    ]
    return ArmStanding(arm, sum(scores) / len(scores) if scores else None, len(scores))


class Memory:
    """A journal that lasts as long as the process."""

    def __init__(self) -> None:
        self._outcomes: dict[str, dict[str, Outcome]] = {}
        self._choices: dict[str, Any] = {}

    def outcomes(self, phase: str) -> Mapping[str, Outcome]:
        return dict(self._outcomes.get(phase, {}))

    def add_outcome(self, phase: str, outcome: Outcome) -> None:
        self._outcomes.setdefault(phase, {}).setdefault(outcome.name, outcome)

    def choice(self, key: str) -> Any | None:
        return self._choices.get(key)

    def choose(self, key: str, value: Any) -> None:
        self._choices[key] = value
