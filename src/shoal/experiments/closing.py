"""After the verdicts: the winner's network, what to change in one's own code, outsiders, the plain loop.

All of it must fit into what is left of the budget and the overrun that a budget allows; what does not fit is
left out and said. It runs once: a run that is reported again repeats what was recorded.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from shoal.experiments import loop
from shoal.experiments.code_change import code_change
from shoal.experiments.outsiders import Outsider, outsiders
from shoal.experiments.plan import Plan
from shoal.experiments.result import ArmResult
from shoal.experiments.run import Finished
from shoal.experiments.take_home import save_winner
from shoal.experiments.training import Training
from shoal.experiments.winner import choose
from shoal.population.gradient import why_alone
from shoal.population.template import template
from shoal.population.workers import PopulationTrainer
from shoal.tasks.task import Task

_OUTSIDER_SEEDS = 5
_WITHOUT_CLOCK = 15.0
"""Seconds that outsiders may take where no budget says how long."""
_KEPT = 2.5
"""Seconds of what is left that the plain loop gets and the outsiders do not."""


class Closing(NamedTuple):
    """winner: what was saved, as plain data, None if there is nothing to save. change: lines of torch.
    interrupted: whether Ctrl-C ended it."""

    winner: Mapping[str, Any] | None
    change: tuple[str, ...]
    outsiders: tuple[Outsider, ...]
    loop_seconds: float
    notes: tuple[str, ...]
    interrupted: bool


def close(
    plan: Plan,
    task: Task,
    training: Training,
    finished: Finished,
    arms: Sequence[ArmResult],
    folder: Path | None,
    source: str = "",
) -> Closing:
    """The closing work of a run: nothing of it where no real trainer trained, and only the plain loop where
    Ctrl-C ended the run. Ctrl-C ends it early, with what is finished.

    folder: the results folder, for the artifact. source: the task's ``file.py:function``, if it is one.
    """
    if not isinstance(training.trainer, PopulationTrainer) or not finished.networks:
        return Closing(None, (), (), math.nan, (), False)
    work = _Work(plan, task, training, finished, arms)
    try:
        training.trainer.rest()
        work.notes += _alone(task, plan)
        if not finished.interrupted:
            work.save(folder, source)
            work.change = _change(plan, training, finished, arms)
            work.others = _outsiders(task, plan, training, finished)
        work.time_loop()
    except KeyboardInterrupt:
        work.notes.append("interrupted while closing: the verdicts are whole, what follows them is not")
        work.interrupted = True
    return Closing(
        work.winner, work.change, work.others, work.loop_seconds, tuple(work.notes), work.interrupted
    )


@dataclass
class _Work:
    """The closing work as far as it is done."""

    plan: Plan
    task: Task
    training: Training
    finished: Finished
    arms: Sequence[ArmResult]
    winner: Mapping[str, Any] | None = None
    change: tuple[str, ...] = ()
    others: tuple[Outsider, ...] = ()
    loop_seconds: float = math.nan
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False

    def save(self, folder: Path | None, source: str) -> None:
        """Train the winner once more and save it to ``folder``/artifact."""
        if folder is None:
            return
        self.training.announce("close", 0, "training the winner once more, to take home")
        trainer = self.training.trainer
        assert isinstance(trainer, PopulationTrainer)
        saved = save_winner(
            self.plan, self.task, self.finished, self.arms, folder / "artifact",
            source=source, deadline=_deadline(self.training), programs=trainer.programs,
        )  # fmt: skip
        if saved is not None:
            self.notes.append(saved.words)
            self.winner = saved._asdict() | {"folder": saved.folder and str(saved.folder)}

    def time_loop(self) -> None:
        """Time the plain loop, once for a number of networks."""
        self.loop_seconds = self.training.decided(
            f"loop/{self.finished.networks}",
            lambda: loop.seconds(self.plan, self.task, self.training, self.finished),
        )


def _alone(task: Task, plan: Plan) -> list[str]:
    """Which arms' networks, the user's own, were trained one by one, and why."""
    if task.network is None and task.loss is None:
        return []
    arms: dict[str, list[str]] = {}
    for arm in plan.arms:
        if (why := why_alone(template(task, arm.recipe))) is not None:
            arms.setdefault(why, []).append(arm.name)
    return [
        f"{'all networks' if len(names) == len(plan.arms) else ', '.join(names)} ran member by member, which "
        f"is slower: {why}"
        for why, names in arms.items()
    ]


def _deadline(training: Training) -> float | None:
    spare = training.clock.spare
    return None if math.isinf(spare) else time.monotonic() + spare


def _change(plan: Plan, training: Training, finished: Finished, arms: Sequence[ArmResult]) -> tuple[str, ...]:
    """The lines that turn the baseline, as it is without tuning, into the winner."""
    winner = choose(plan, finished, arms)
    if winner is None:
        return ()
    base = next(arm for arm in plan.arms if arm.name == plan.baseline)
    before = base.at({name: one.default for name, one in base.space.items()}, finished.size.epochs)
    return tuple(code_change(before, winner.recipe, training.trainer.steps(winner.recipe)))


def _outsiders(task: Task, plan: Plan, training: Training, finished: Finished) -> tuple[Outsider, ...]:
    seeds = list(finished.outcomes[plan.baseline])[:_OUTSIDER_SEEDS]
    if not seeds:
        return ()

    def fit() -> list[dict[str, Any]]:
        training.announce("close", 0, "fitting a linear model and gradient boosting, for comparison")
        spare = min(training.clock.spare - _KEPT, _WITHOUT_CLOCK)
        found = outsiders(task, seeds, time.monotonic() + max(0.0, spare))
        return [{"name": one.name, "scores": [*one.scores.items()], "seconds": one.seconds} for one in found]

    recorded = training.decided(f"outsiders/{finished.networks}", fit)
    return tuple(
        Outsider(one["name"], {int(seed): score for seed, score in one["scores"]}, one["seconds"])
        for one in recorded
    )
