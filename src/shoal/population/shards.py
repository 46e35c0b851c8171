"""Training one shard, from its checkpoint if there is one."""

import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from shoal.population import own_optimizers
from shoal.population.curves import Point
from shoal.population.planner import Shard
from shoal.population.programs import Programs
from shoal.population.recipe import Outcome
from shoal.population.train import Training, start
from shoal.population.trainer import Memory
from shoal.tasks.task import Task

CHECKPOINT_SECONDS = 5.0


def run_shard(
    task: Task,
    shard: Shard,
    programs: Programs,
    device: str,
    done: Collection[str],
    stop: Callable[[], bool],
    count: Callable[[int], None],
    memory: Memory | None,
) -> Iterator[Outcome]:
    """Trains the shard and yields outcomes of members not ``done``. ``count`` hears of member-steps.

    A checkpoint holds the members still training and the outcomes of those that have ended, so nothing
    depends on whether somebody recorded an outcome before the kill. It is written every few seconds, which
    changes no number, and removed at the end. Members whose optimizer is a class of the user's own keep none:
    their shard begins anew.
    """
    if any(own_optimizers.used(job.recipe) for job in shard.jobs):
        memory = None
    training = start(task, list(shard.jobs), programs, device=device)
    saved = memory.load(shard.name) if memory is not None else None
    ended: list[Outcome] = []
    if saved is not None:
        ended = _resume(training, *saved)
        yield from (outcome for outcome in ended if outcome.name not in done)
    counted, written = training.member_steps, time.monotonic()

    def between() -> None:
        nonlocal counted, written
        count(training.member_steps - counted)
        counted = training.member_steps
        if memory is not None and time.monotonic() - written > CHECKPOINT_SECONDS:
            memory.save(shard.name, training.stack.state(), _meta(training, ended))
            written = time.monotonic()

    if saved is None or len(ended) < len(shard.jobs):
        for outcome in training.run(stop, between):
            ended.append(outcome)
            if outcome.name not in done:
                yield outcome
    count(training.member_steps - counted)
    if memory is not None:
        memory.drop(shard.name)


def _meta(training: Training, ended: list[Outcome]) -> Any:
    """What a checkpoint holds beside tensors, as JSON."""
    return {
        "jobs": [job.name for job in training.stack.jobs],
        "rules": training.stack.rules,
        "seconds": training.seconds,
        "curves": training.curves,
        "ended": [[*outcome] for outcome in ended],
    }


def _resume(training: Training, tensors: Any, meta: Any) -> list[Outcome]:
    """Puts a training where its checkpoint was; returns the outcomes of members that had ended."""
    ended = [Outcome(*fields) for fields in meta["ended"]]
    places = {job.name: row for row, job in enumerate(training.stack.jobs)}
    training.stack = training.stack.arranged([places[name] for name in meta["jobs"]], meta["rules"])
    training.stack.restore(dict(tensors))
    training.seconds = dict(meta["seconds"])
    training.curves = {name: [Point(*one) for one in curve] for name, curve in meta["curves"].items()}
    return ended
