"""Which tasks are compared on, and what is asked of each."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from shoal.errors import UserError
from shoal.experiments import planning, request
from shoal.experiments.budget import seconds_of
from shoal.experiments.plan import Plan
from shoal.experiments.planning import Compared
from shoal.experiments.request import DEFAULT_BUDGET, TABLE_OPTIONS, Request, TaskLike
from shoal.store.folders import slug
from shoal.tasks.frames import is_table


class One(NamedTuple):
    """A task of several: what is asked of it, its plan, and its folder's name."""

    asked: Request
    plan: Plan
    folder: str


def listed(tasks: str | Sequence[TaskLike]) -> tuple[TaskLike, ...]:
    """The tasks of ``"digits,wine"``, or of a list whose texts may be such lists."""
    found: list[TaskLike] = []
    for one in [tasks] if isinstance(tasks, str) else tasks:
        texts = one.split(",") if isinstance(one, str) else None
        found += [part.strip() for part in texts] if texts else [str(one) if isinstance(one, Path) else one]
    return tuple(found)


def each_of(asked: Request) -> tuple[list[One], Compared]:
    """What is asked of every task, and what the first compares, all checked.

    Raises UserError for tasks whose arms are not the same, a margin of 0, which differences could not be
    counted in, and whatever is wrong with a task.
    """
    _check(asked)
    tasks, found = asked.tasks or (), []
    compared: list[Compared] = []
    for place, task in enumerate(tasks, start=1):
        one = _of(asked, task, len(tasks))
        loaded = request.task_of(one)
        compared.append(planning.compared(loaded, one))
        made = planning.plan_of(loaded, one, compared[-1])
        found.append(One(one, made, f"{place}-{slug(made.task)}"))
    first = found[0].plan
    for other in found[1:]:
        if [arm.name for arm in other.plan.arms] != [arm.name for arm in first.arms]:
            ours, theirs = ({arm.name for arm in one.arms} for one in (first, other.plan))
            differ = ", ".join(sorted(ours ^ theirs)) or "their order"
            raise UserError(
                f"tasks {first.task} and {other.plan.task} have not the same arms ({differ}); name the "
                f"values to compare, for example --vary {first.axis}=a,b"
            )
        if other.plan.baseline != first.baseline:
            raise UserError(
                f"the baseline of {first.task} is {first.baseline}, of {other.plan.task} "
                f"{other.plan.baseline}; set it with --recipe, or give the arms with --arm"
            )
    return found, compared[0]


def _check(asked: Request) -> None:
    """Raises UserError for what several tasks cannot be compared with."""
    if asked.task is not None:
        raise UserError("give a task or several tasks, not both")
    tasks = asked.tasks or ()
    if len(tasks) < 2:
        raise UserError(f"a comparison over tasks takes at least two, got {len(tasks)}")
    for task in tasks:
        if isinstance(task, str) and list(tasks).count(task) > 1:
            raise UserError(f"task {task} is given twice; name each once")
    if asked.vary is None and asked.arms is None:
        raise UserError("over several tasks the arms must be the same: name them with --vary or --arm")
    for name in TABLE_OPTIONS:
        if name != "target" and getattr(asked, name) not in (None, ()):
            raise UserError(f"{name} is for one task; of several only target can be told for all tables")
    if str(asked.margin).strip().removesuffix("%") in ("0", "0.0"):
        raise UserError("over tasks differences are counted in margins, so the margin cannot be 0")
    if asked.work is not None and asked.work < len(tasks):
        raise UserError(f"work {asked.work} is less than a step for each of {len(tasks)} tasks")


def _of(asked: Request, task: TaskLike, count: int) -> Request:
    """The request for one of ``count`` tasks: ``path:column`` names a table and its target."""
    target = None
    if isinstance(task, str) and not Path(task).exists():
        path, colon, column = task.rpartition(":")
        if colon and is_table(path):
            task, target = path, column
    if target is None and is_table(task):
        target = asked.target
    budget = seconds_of(DEFAULT_BUDGET if asked.budget is None else asked.budget) / count
    return replace(
        asked,
        task=task,
        tasks=None,
        target=target,
        budget=None if asked.work is not None else budget,
        work=None if asked.work is None else asked.work // count,
    )


def described(asked: Request, each: Sequence[One]) -> dict[str, Any]:
    """The plan of all as plain data: that of each task stands in its own record."""
    budget = None
    if asked.work is None:
        budget = seconds_of(DEFAULT_BUDGET if asked.budget is None else asked.budget)
    return {
        "task": ", ".join(one.plan.task for one in each),
        "axis": each[0].plan.axis,
        "tasks": [one.folder for one in each],
        "plans": [one.plan.hash for one in each],
        "budget_seconds": budget,
        "work": asked.work,
    }
