"""The same arms compared on several tasks, each a whole comparison of its own, and judged over all of them.

Each task has its own tuning, record and results folder inside the whole one's, and an equal share of work or
time; what one leaves of its time the later ones share. A killed run continues with the same command.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shoal.experiments import one_task, over_tasks, plan_file, tasks_plan
from shoal.experiments.budget import Clock
from shoal.experiments.request import Request
from shoal.experiments.result import Result
from shoal.experiments.standing import Standing, Watch
from shoal.experiments.tasks_plan import One
from shoal.experiments.tasks_result import TasksResult
from shoal.population.called import Function
from shoal.population.trainer import Trainer
from shoal.store.atomic import write_text
from shoal.store.canonical import canonical_json, digest
from shoal.store.folders import Resume, results_folder
from shoal.store.record import Record
from shoal.store.report.write import write as write_report


def compare_tasks(
    asked: Request,
    plan: str | Path | None,
    clock: Clock,
    out: Path | None,
    resume: Resume,
    trainer: Trainer | Function | None,
    on_progress: Watch | None,
) -> TasksResult:
    """The comparison on ``asked.tasks``; the arguments are those of ``one_task.run``.

    Raises UserError, before anything is trained, for what ``tasks_plan.each_of`` refuses.
    """
    each, what = tasks_plan.each_of(asked)
    first = each[0].plan
    described = tasks_plan.described(asked, each)
    clock = Clock(None if asked.work is not None else described["budget_seconds"], clock.started)
    folder = results_folder(out, resume, f"{len(each)}-tasks", first.axis)
    with Record(folder) as record:
        record.write_plan(described)
        text = plan_file.text_of_tasks(asked, what, first, described["budget_seconds"])
        for file in [folder / plan_file.NAME, *([] if plan is None else [Path(plan).expanduser()])]:
            if not file.exists():
                write_text(file, text)
        found, interrupted = _run(each, clock, folder, trainer, on_progress)
        result = _result(asked, each, found, interrupted, folder, digest(canonical_json(described)))
        record.write_verdict(result.to_dict())
        write_report(record)
    return result


def _run(
    each: Sequence[One],
    clock: Clock,
    folder: Path,
    trainer: Trainer | Function | None,
    on_progress: Watch | None,
) -> tuple[list[Result], bool]:
    """The comparisons in their order, until Ctrl-C, and whether it came."""
    found: list[Result] = []
    try:
        for place, one in enumerate(each):
            own = Clock(None, None)
            if clock.budget is not None:
                left = max(clock.budget - clock.elapsed, 0.0)
                own = Clock(left / (len(each) - place), clock.started if place == 0 else None)
                if place == 0:  # what came before the first task counts against all
                    own = Clock(clock.elapsed + left / len(each), clock.started)
            watch = None if on_progress is None else _told(on_progress, clock, place, each)
            found.append(one_task.run(one.asked, None, own, folder / one.folder, "auto", trainer, watch))
            if found[-1].interrupted:
                return found, True
    except KeyboardInterrupt:
        return found, True
    return found, False


def _told(watch: Watch, clock: Clock, place: int, each: Sequence[One]) -> Callable[[Standing], None]:
    """A watcher that hears which task it is, and of the time left for all."""
    head = f"{each[place].plan.task} ({place + 1} of {len(each)})"

    def tell(now: Standing) -> None:
        left = now.seconds_left if clock.budget is None else clock.left
        watch(now._replace(note=f"{head}: {now.note}" if now.note else head, seconds_left=left))

    return tell


def _result(
    asked: Request, each: Sequence[One], found: Sequence[Result], interrupted: bool, folder: Path, hash_: str
) -> TasksResult:
    first = each[0].plan
    whole: list[Result | None] = [*found, *[None] * (len(each) - len(found))]
    names = [one.folder.partition("-")[2] for one in each]
    if len(set(names)) < len(names):
        names = [one.folder for one in each]
    judged = over_tasks.judge(whole, [arm.name for arm in first.arms], first.baseline, first.alpha)
    notes = list(judged.notes)
    if interrupted:
        notes.insert(0, "interrupted: this is what was finished; the same command continues it")
    metrics: Mapping[str, None] = dict.fromkeys(one.plan.metric for one in each)
    if first.judge == "score" and len(metrics) > 1:
        notes.append(f"metrics differ ({', '.join(metrics)}); over tasks, differences are counted in margins")
    return TasksResult(
        tasks=tuple(names),
        axis=first.axis,
        judge=first.judge,
        baseline=first.baseline,
        alpha=first.alpha,
        budget_seconds=None if first.budget_seconds is None else first.budget_seconds * len(each),
        work=asked.work,
        seconds=math.fsum(one.seconds for one in found),
        networks_trained=sum(one.networks_trained for one in found),
        member_steps=sum(one.member_steps for one in found),
        arms=judged.arms,
        counted=tuple(names[place] for place in judged.counted),
        friedman_p=judged.friedman_p,
        nemenyi_distance=judged.nemenyi_distance,
        fewest_tasks=judged.fewest_tasks,
        comparisons=tuple(whole),
        notes=tuple(notes),
        interrupted=interrupted,
        plan_hash=hash_,
        folder=str(folder),
    )
