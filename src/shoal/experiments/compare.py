"""The fair comparison from end to end: plan, forecast, run, verdict."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from shoal.errors import UserError
from shoal.experiments import arms as arms_
from shoal.experiments import axes, loop, verdict
from shoal.experiments.budget import Clock, seconds_of
from shoal.experiments.forecast import forecast
from shoal.experiments.memory import RunMemory
from shoal.experiments.plan import ALPHA, Plan, describe, judge_of, margin_for
from shoal.experiments.result import Result
from shoal.experiments.run import Finished, complete, probe, size_of
from shoal.experiments.standing import Watch
from shoal.experiments.training import Training
from shoal.experiments.words import notes
from shoal.population.recipe import Recipe
from shoal.population.trainer import Trainer
from shoal.population.workers import PopulationTrainer
from shoal.store.folders import results_folder
from shoal.store.record import Record
from shoal.tasks.arrays import from_arrays
from shoal.tasks.load import load
from shoal.tasks.task import Task

DEFAULT_BUDGET = 60.0
Vary = axes.Vary


def compare(
    task: Task | str | tuple[Any, ...],
    vary: Vary = "optimizer",
    *,
    budget: str | float | None = None,
    work: int | None = None,
    seeds: int | None = None,
    judge: str = "score",
    out: str | Path | None = None,
    resume: Literal["auto", "must", "never"] = "auto",
    device: str = "cpu",
    target: str | None = None,
    recipe: Recipe | None = None,
    trainer: Trainer | None = None,
    on_progress: Watch | None = None,
    started: float | None = None,
) -> Result:
    """Compare the values of one axis on a task, fairly, and say what the result can bear.

    task: a Task, a built-in name or a path, or ``(x, y)`` or ``(x, y, network)`` with tensors x [rows,
    *features], y [rows] and the user's own module. vary: ``"optimizer"``, ``"optimizer=sgd,adam"`` or
    ``{"optimizer": ["sgd", "adam"]}``. budget: seconds or "90s", "5m", "1h" from ``started``
    (time.monotonic(), by default now) on, 60 s unless ``work`` (member-steps, deterministic) is given.
    seeds: evaluation seeds for each arm. judge: score, train_loss, time, steps, gap or memory. recipe: where
    the arms start from; a hyperparameter it sets is fixed, not tuned. on_progress is called with a Standing.
    Raises UserError, one sentence, for anything wrong with these.
    """
    clock = Clock(None, started)
    loaded = task_of(task, target)
    plan = make_plan(loaded, vary, budget, work, seeds, judge, device, recipe)
    clock = Clock(plan.budget_seconds, clock.started)
    folder = results_folder(None if out is None else Path(out), resume, plan.task, plan.axis)
    with Record(folder) as record:
        record.write_plan(describe(plan))
        own = trainer or PopulationTrainer(loaded, device=device)
        memory = RunMemory(record, folder / "checkpoints")
        result = carry_out(plan, loaded, Training(own, record, clock, plan, on_progress, memory))
        result = replace(result, folder=str(folder))
        record.write_verdict(result.to_dict())
        if not result.interrupted:
            memory.clear()
    return result


def carry_out(plan: Plan, task: Task, training: Training) -> Result:
    """Run a plan, or what is left of it, and judge it."""
    if plan.work is None:
        probe(plan, training)
    size = size_of(plan, training)
    expected = forecast(plan, size, training, task)
    training.announce("forecast", expected.networks, expected.words)
    finished = complete(plan, task, training, size)
    size = finished.size
    arms, margin = verdict.judge(plan, task, finished)
    # Keyed by the number of networks: a run that is only reported again repeats the first report.
    estimate = training.decided(f"loop/{finished.networks}", lambda: _loop(plan, task, training, finished))
    return Result(
        task=plan.task,
        metric=plan.metric,
        higher_is_better=plan.higher_is_better,
        judge=plan.judge,
        axis=plan.axis,
        baseline=plan.baseline,
        budget_seconds=plan.budget_seconds,
        work=plan.work,
        seconds=_seconds(training),
        networks_trained=finished.networks,
        member_steps=finished.member_steps,
        loop_seconds_estimate=estimate,
        alpha=plan.alpha,
        margin=margin,
        epochs=size.epochs,
        trials=size.tuning.trials,
        tuning_seeds=tuple(plan.tuning_seeds(1 + size.tuning.finals)),
        forecast=expected,
        arms=arms,
        notes=(*task.notes, *notes(plan, finished, arms)),
        interrupted=finished.interrupted,
        plan_hash=plan.hash,
        folder=None,
    )


def _loop(plan: Plan, task: Task, training: Training, finished: Finished) -> float:
    """Timed only beside the real trainer: what a simulated or recorded one did has no plain loop."""
    if not isinstance(training.trainer, PopulationTrainer):
        return math.nan
    training.trainer.rest()
    return loop.seconds(plan, task, training, finished)


def _seconds(training: Training) -> float:
    """Seconds of this process and of earlier ones that trained a part of the same run and were not killed."""
    earlier = {key: one for key, one in training.journal.choices().items() if key.startswith("seconds/")}
    mine = 0.0
    if training.trained or not earlier:
        mine = training.decided(f"seconds/{len(earlier)}", lambda: training.clock.elapsed)
    return float(mine + sum(earlier.values()))


def task_of(task: Task | str | tuple[Any, ...], target: str | None) -> Task:
    """The task that is meant. Raises UserError for what is none."""
    if isinstance(task, str):
        return load(task, target)
    if target is not None:
        raise UserError(f"target {target!r} names a column of a file, but the task is given as data")
    if isinstance(task, Task):
        return task
    if not isinstance(task, tuple) or len(task) not in (2, 3):
        raise UserError(
            f"a task is a name, a path, a Task, (x, y) or (x, y, network), not {type(task).__name__}"
        )
    return from_arrays(*task)


def make_plan(
    task: Task,
    vary: Vary,
    budget: str | float | None = None,
    work: int | None = None,
    seeds: int | None = None,
    judge: str = "score",
    device: str = "cpu",
    recipe: Recipe | None = None,
) -> Plan:
    """The plan of a comparison. Raises UserError, one sentence, for anything wrong with it."""
    if budget is not None and work is not None:
        raise UserError("give a budget or work, not both: a budget is time, work a number of member-steps")
    for name, number in (("work", work), ("seeds", seeds)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
            raise UserError(f"{name} {number!r} is no whole number of at least 1")
    _check_device(device)
    start = recipe or arms_.default_recipe(task)
    asked = axes.asked_for(vary)
    values = {axis: axes.values_of(axis, some, start, task) for axis, some in asked.items()}
    arms = arms_.cross(values, {}, start, task)
    return Plan(
        task=task.name,
        fingerprint=task.fingerprint,
        metric=task.metric,
        higher_is_better=task.higher_is_better,
        train_rows=task.train_rows,
        axis=" × ".join(axis.name for axis in values),
        arms=arms,
        baseline=arms_.baseline(values, start),
        judge=judge_of(judge),
        margin=margin_for(judge, task.metric),
        alpha=ALPHA,
        budget_seconds=None if work is not None else seconds_of(DEFAULT_BUDGET if budget is None else budget),
        work=work,
        seeds=seeds,
        device=device,
    )


def _check_device(device: str) -> None:
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise UserError(f"there is no device {device!r}; there are: cpu, cuda") from None
    if kind not in ("cpu", "cuda"):
        raise UserError(f"device {device!r} is not supported; there are: cpu, cuda")
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(f"device {device!r} asks for CUDA, but this machine has none; use cpu")
