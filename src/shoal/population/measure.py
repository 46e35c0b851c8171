"""How fast jobs train in worker processes once everything is warm: member-steps per second.

What is timed is training as ``PopulationTrainer`` does it (the planner's shards, the same programs, tables
of batches and rates, rules, end-of-table checks), without starting members and without judging them.
"""

import itertools
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import torch

from shoal.population import planner
from shoal.population.batches import batch_size, train_rows
from shoal.population.builder import Builder
from shoal.population.package import Program
from shoal.population.planner import Shard
from shoal.population.processes import keep_memory
from shoal.population.programs import Programs
from shoal.population.recipe import Job
from shoal.population.stack import shared_template
from shoal.population.train import StoppedError, Training, start
from shoal.tasks.task import Task

_WARM_UP = 2  # steps of every shard; the first of all proves a loaded package against its graph
_TABLE = 256  # steps of a shard before its worker turns to the next


class Rate(NamedTuple):
    """member_steps_per_second: of all workers together. warm_up_seconds: from the call until all were warm.

    shards: members of each shard, as the planner cut them.
    """

    member_steps_per_second: float
    warm_up_seconds: float
    shards: tuple[int, ...]


def build(task: Task, jobs: Sequence[Job], programs: Programs, workers: int) -> float:
    """Builds the packages of ``jobs`` that are missing from the cache; returns the seconds it took.

    Raises RuntimeError where a package cannot be built (no C++ compiler).
    """
    started = time.perf_counter()
    parts = planner.shards(task, "measure", jobs, True, workers)
    Builder().wait_for(_needed(task, parts, programs), lambda words: None, workers)
    return time.perf_counter() - started


def rate(task: Task, jobs: Sequence[Job], programs: Programs, seconds: float, workers: int) -> Rate:
    """Trains ``jobs`` for ``seconds`` in ``workers`` forked processes of one thread each.

    A worker trains its shards in turn, a table of steps each, so recipes must be longer than that
    (``epochs=1e9`` never ends). ``programs.mode`` says whether compiled packages are used; see ``build``.
    Raises ValueError if a member ends before the time, RuntimeError if a worker fails.
    """
    started = time.perf_counter()
    torch.set_num_threads(1)
    parts = planner.shards(task, "measure", jobs, programs.mode != "none", workers)
    for program in _needed(task, parts, programs):
        program.trace()
    prepared = {job.seed: task.prepare(job.seed) for job in jobs}
    task = replace(task, prepare=prepared.__getitem__)
    context = get_context("fork")
    pipes: list[Connection] = []
    processes: list[Any] = []
    try:
        for worker in range(min(workers, len(parts))):
            pipe, other = context.Pipe()
            arguments = (other, task, parts[worker::workers], programs, seconds)
            processes.append(context.Process(target=_worker, args=arguments, daemon=True))
            processes[-1].start()
            other.close()
            pipes.append(pipe)
        for pipe in pipes:
            _receive(pipe)
        warm_up = time.perf_counter() - started
        for pipe in pipes:
            pipe.send("go")
        found = sum(steps / took for steps, took in map(_receive, pipes))
        return Rate(found, warm_up, tuple(len(part.jobs) for part in parts))
    finally:
        for process in processes:
            process.kill()
            process.join()


def _needed(task: Task, parts: Sequence[Shard], programs: Programs) -> list[Program]:
    return programs.of(
        (shared_template(task, part.jobs), batch_size(job.recipe, train_rows(task, job.recipe)), job.recipe)
        for part in parts
        for job in part.jobs
    )


def _receive(pipe: Connection) -> Any:
    try:
        message = pipe.recv()
    except EOFError:
        raise RuntimeError("a measuring worker ended before it answered") from None
    if isinstance(message, BaseException):
        raise message
    return message


def _worker(pipe: Connection, task: Task, parts: list[Shard], programs: Programs, seconds: float) -> None:
    keep_memory()
    torch.set_num_threads(1)
    try:
        trainings = [start(task, list(part.jobs), programs) for part in parts]
        for training in trainings:
            _exhaust(training.run(steps=_WARM_UP))
        pipe.send("warm")
        pipe.recv()
        pipe.send(in_turn(trainings, seconds))
    except ValueError as error:
        pipe.send(error)
    except BaseException:
        pipe.send(RuntimeError(f"a measuring worker failed:\n{traceback.format_exc()}"))
    pipe.close()
    os._exit(0)


def in_turn(trainings: Sequence[Training], seconds: float) -> tuple[int, float]:
    """Trains one after another in this process, a table each, until ``seconds`` are over.

    Returns member-steps done and seconds taken. Raises ValueError if a member ends before.
    """
    member_steps, began = 0, time.perf_counter()
    for training in itertools.cycle(trainings):
        asked, stop = _until(began + seconds)
        try:
            _exhaust(training.run(stop, steps=_TABLE))
        except StoppedError:
            # It is asked before every step, so all that were begun are finished.
            return member_steps + (asked() - 1) * len(training.stack), time.perf_counter() - began
        member_steps += asked() * len(training.stack)
    raise ValueError("there is nothing to train: no jobs were given")


def _until(end: float) -> tuple[Callable[[], int], Callable[[], bool]]:
    """How often it was asked, and whether the time is over."""
    times = 0

    def stop() -> bool:
        nonlocal times
        times += 1
        return time.perf_counter() >= end

    return lambda: times, stop


def _exhaust(outcomes: Iterator[Any]) -> None:
    for outcome in outcomes:
        raise ValueError(
            f"{outcome.name} ended after {outcome.steps} steps, before the measurement: train it longer"
        )
