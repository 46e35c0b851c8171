"""One comparison on one task: loaded, planned, recorded, carried out."""

from dataclasses import replace
from pathlib import Path

from shoal.errors import UserError
from shoal.experiments import export, machine, plan_file, verdict
from shoal.experiments.budget import Clock
from shoal.experiments.closing import close
from shoal.experiments.forecast import forecast
from shoal.experiments.memory import RunMemory
from shoal.experiments.plan import Plan, describe
from shoal.experiments.planning import compared, plan_of
from shoal.experiments.request import Request, source_of, task_of
from shoal.experiments.result import Result
from shoal.experiments.run import complete, probe, size_of
from shoal.experiments.standing import Watch, reading
from shoal.experiments.training import Training
from shoal.experiments.words import notes
from shoal.population.called import CalledTrainer, Function
from shoal.population.starting_weights import checked
from shoal.population.trainer import Trainer
from shoal.population.workers import PopulationTrainer
from shoal.store.atomic import write_text
from shoal.store.folders import Resume, results_folder
from shoal.store.record import Record
from shoal.store.report.write import write as write_report
from shoal.tasks.task import Task


def run(
    asked: Request,
    plan: str | Path | None,
    clock: Clock,
    out: Path | None,
    resume: Resume,
    trainer: Trainer | Function | None,
    on_progress: Watch | None,
) -> Result:
    """The comparison that is asked for, in a results folder.

    plan: where to write plan.toml besides. clock: when the process started, and, if it has a budget, the time
    that this comparison gets in the place of the plan's.
    """
    loaded = task_of(asked, None if on_progress is None else lambda words: on_progress(reading(words)))
    what = compared(loaded, asked)
    made = plan_of(loaded, asked, what)
    loaded = checked(loaded, [arm.recipe for arm in made.arms])
    clock = clock if clock.budget is not None else Clock(made.budget_seconds, clock.started)
    folder = results_folder(out, resume, made.task, made.axis)
    with Record(folder) as record:
        record.write_plan(describe(made))
        record.choose(machine.CHOICE, machine.describe(asked.device))
        record.choose("data-notes", loaded.notes)
        text = plan_file.text_of(asked, what, made)
        for file in [folder / plan_file.NAME, *([] if plan is None else [Path(plan).expanduser()])]:
            if not file.exists():
                write_text(file, text)
        own = _trainer(trainer, loaded, asked.device)
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
        tuning_seeds=finished.tuning_seeds,
        forecast=expected,
        arms=arms,
        effects=effects,
        interactions=interactions,
        candidates=finished.candidates,
        outsiders=closed.outsiders,
        winner=closed.winner,
        change=closed.change,
        tuned=finished.tuned,
        conditions=finished.conditions,
        notes=(*task.notes, *notes(finished.plan, finished, arms, interactions), *closed.notes),
        interrupted=finished.interrupted or closed.interrupted,
        plan_hash=plan.hash,
        folder=None,
    )


def _trainer(given: Trainer | Function | None, task: Task, device: str) -> Trainer:
    """The engine, a trainer of the user's own, or one that calls the user's function."""
    if given is None:
        return PopulationTrainer(task, device=device)
    if isinstance(given, Trainer):
        return given
    if not callable(given):
        raise UserError(f"trainer is {given!r}; a function of (recipe, seed) or a Trainer is needed")
    return CalledTrainer(given)


def _seconds(training: Training) -> float:
    """Seconds of this process and of earlier ones that trained a part of the same run and were not killed."""
    earlier = {key: one for key, one in training.journal.choices().items() if key.startswith("seconds/")}
    mine = 0.0
    if training.trained or not earlier:
        mine = training.decided(f"seconds/{len(earlier)}", lambda: training.clock.elapsed)
    return float(mine + sum(earlier.values()))
