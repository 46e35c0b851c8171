"""The fair comparison from end to end: plan, forecast, run, verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from shoal.experiments import export, machine, plan_file, verdict
from shoal.experiments.axes import Vary
from shoal.experiments.budget import Clock
from shoal.experiments.closing import close
from shoal.experiments.forecast import forecast
from shoal.experiments.memory import RunMemory
from shoal.experiments.plan import ALPHA, Plan, describe
from shoal.experiments.planning import compared, make_plan, plan_of
from shoal.experiments.request import RecipeLike, Request, TaskLike, source_of, task_of
from shoal.experiments.result import Result
from shoal.experiments.run import complete, probe, size_of
from shoal.experiments.standing import Watch
from shoal.experiments.training import Training
from shoal.experiments.words import notes
from shoal.population.trainer import Trainer
from shoal.population.workers import PopulationTrainer
from shoal.store.atomic import write_text
from shoal.store.folders import results_folder
from shoal.store.record import Record
from shoal.store.report.write import write as write_report
from shoal.tasks.task import Task

__all__ = ["carry_out", "compare", "make_plan"]


def compare(
    task: TaskLike = None,
    vary: Vary | None = None,
    *,
    arms: Mapping[str, RecipeLike] | None = None,
    recipe: RecipeLike | None = None,
    plan: str | Path | None = None,
    target: str | None = None,
    kind: str | None = None,
    ignore: Sequence[str] = (),
    group: str | None = None,
    time: str | None = None,
    test: Any = None,
    text: Sequence[str] = (),
    length: int | None = None,
    metric: str | None = None,
    judge: str = "score",
    reach: float | None = None,
    margin: str | float | None = None,
    alpha: float = ALPHA,
    replicate: int = 0,
    budget: str | float | None = None,
    work: int | None = None,
    trials: int | None = None,
    seeds: int | None = None,
    device: str = "cpu",
    out: str | Path | None = None,
    resume: Literal["auto", "must", "never"] = "auto",
    trainer: Trainer | None = None,
    on_progress: Watch | None = None,
    started: float | None = None,
) -> Result:
    """Compare training techniques on a task, fairly, and say what the result can bear.

    task: a Task, a built-in name, a path, a polars or pandas frame, or ``(x, y)`` or ``(x, y, network)``
    with tensors x [rows, *features], y [rows] and the user's own module. target, kind, ignore, group, time,
    test, text, length: for tables, see ``from_table``, and for folders, see ``shoal.tasks.load``. metric: a
    name of shoal.tasks.metrics, the task's own if None.

    vary: ``"optimizer"``, ``"optimizer=sgd,adam"``, ``["optimizer", "width=16,32"]`` (crossed) or
    ``{"optimizer": ["sgd", "adam"]}``; or arms: name → a whole recipe, ``"optimizer=sgd lr=0.1"`` or a
    Recipe, the first one (or with one alone the default recipe) being the baseline. recipe: where all
    arms start from, in the same forms; what it sets is fixed, not tuned, except ``auto``.

    judge: score, train_loss, time, steps, evaluations, gap or memory; reach: the score whose first time,
    steps or evaluations are judged. margin: what counts as the same, a number or "2%" of the baseline.
    alpha: how often some arm may be called better or worse wrongly. replicate: 1, 2, ... repeat the whole
    comparison with seeds that are all others.

    budget: seconds or "90s", "5m", "1h" from ``started`` (time.monotonic(), by default now) on, 60 s unless
    ``work`` (member-steps, deterministic) is given. trials: tuning trials, seeds: evaluation seeds an arm.
    plan: a plan.toml to run again, or, with a task, to write before training. out: the results folder.
    on_progress is called with a Standing. Raises UserError, one sentence, for anything wrong with these.
    """
    asked = Request(
        task=task, target=target, kind=kind, ignore=tuple(ignore), group=group, time=time, test=test,
        text=tuple(text), length=length, metric=metric, vary=vary, arms=arms, recipe=recipe, budget=budget,
        work=work, trials=trials, seeds=seeds, judge=judge, reach=reach, alpha=alpha, margin=margin,
        device=device, replicate=replicate,
    )  # fmt: skip
    clock = Clock(None, started)
    asked = plan_file.chosen(asked, plan)
    loaded = task_of(asked)
    what = compared(loaded, asked)
    made = plan_of(loaded, asked, what)
    clock = Clock(made.budget_seconds, clock.started)
    folder = results_folder(None if out is None else Path(out), resume, made.task, made.axis)
    with Record(folder) as record:
        record.write_plan(describe(made))
        record.choose(machine.CHOICE, machine.describe(asked.device))
        record.choose("data-notes", loaded.notes)
        text = plan_file.text_of(asked, what, made)
        for file in [folder / plan_file.NAME, *([] if plan is None else [Path(plan).expanduser()])]:
            if not file.exists():
                write_text(file, text)
        own = trainer or PopulationTrainer(loaded, device=asked.device)
        memory = RunMemory(record, folder / "checkpoints")
        training = Training(own, record, clock, made, on_progress, memory)
        result = carry_out(made, loaded, training, folder, source_of(asked))
        result = replace(result, folder=str(folder))
        record.write_verdict(result.to_dict())
        export.write(folder, record.outcomes(), made)
        write_report(record)
        if not result.interrupted:
            memory.clear()
    return result


def carry_out(
    plan: Plan, task: Task, training: Training, folder: Path | None = None, source: str = ""
) -> Result:
    """Run a plan, or what is left of it, judge it, and save the winner to ``folder``/artifact.

    source: the task's ``file.py:function``, if it is one.
    """
    if plan.work is None:
        probe(plan, training)
    size = size_of(plan, training)
    expected = forecast(plan, size, training, task)
    training.announce("forecast", expected.networks, expected.words)
    finished = complete(plan, task, training, size)
    size = finished.size
    arms, margin, effects, interactions = verdict.judge(finished.plan, task, finished)
    closed = close(finished.plan, task, training, finished, arms, folder, source)
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
        loop_seconds_estimate=closed.loop_seconds,
        alpha=plan.alpha,
        margin=margin,
        epochs=size.epochs,
        trials=size.tuning.trials,
        tuning_seeds=tuple(plan.tuning_seeds(1 + size.tuning.finals * (1 if plan.screens else 2))),
        forecast=expected,
        arms=arms,
        effects=effects,
        interactions=interactions,
        candidates=finished.candidates,
        outsiders=closed.outsiders,
        winner=closed.winner,
        change=closed.change,
        notes=(*task.notes, *notes(finished.plan, finished, arms, interactions), *closed.notes),
        interrupted=finished.interrupted or closed.interrupted,
        plan_hash=plan.hash,
        folder=None,
    )


def _seconds(training: Training) -> float:
    """Seconds of this process and of earlier ones that trained a part of the same run and were not killed."""
    earlier = {key: one for key, one in training.journal.choices().items() if key.startswith("seconds/")}
    mine = 0.0
    if training.trained or not earlier:
        mine = training.decided(f"seconds/{len(earlier)}", lambda: training.clock.elapsed)
    return float(mine + sum(earlier.values()))
