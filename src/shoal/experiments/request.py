"""What a user asks of a comparison, whole: the options of ``shoal.compare`` and the contents of plan.toml."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np

from shoal.errors import UserError
from shoal.experiments.axes import Vary
from shoal.experiments.fields import check_device
from shoal.experiments.plan import ALPHA, RACES, Margin, judge_of, margin_for
from shoal.experiments.recipes import Changes
from shoal.experiments.trials import FEWEST
from shoal.population.recipe import Recipe
from shoal.population.starting_weights import started
from shoal.tasks import metrics
from shoal.tasks.arrays import from_arrays
from shoal.tasks.load import load
from shoal.tasks.task import Task, with_metric

DEFAULT_BUDGET = 60.0

TaskLike = Any
"""A Task, a built-in name, a path, a polars or pandas frame, or ``(x, y)`` or ``(x, y, network)``."""
RecipeLike = Recipe | str | Changes
"""A Recipe, ``"width=128 lr=auto"``, the path of a .toml file, or a dict of the same names."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A comparison as asked for; None stands for what ``shoal.compare`` then chooses (see there).

    tasks: several tasks in the place of one, see ``compare_tasks``.
    fingerprint: of the data that a written plan was made for; None for any.
    """

    task: TaskLike = None
    tasks: Sequence[str] | None = None
    target: str | None = None
    kind: str | None = None
    ignore: Sequence[str] = ()
    group: str | None = None
    time: str | None = None
    test: Any = None
    text: Sequence[str] = ()
    length: int | None = None
    image_size: int | None = None
    weights: str | None = None
    fingerprint: str | None = None
    metric: str | None = None
    vary: Vary | None = None
    arms: Mapping[str, RecipeLike] | None = None
    recipe: RecipeLike | None = None
    budget: str | float | None = None
    work: int | None = None
    trials: int | None = None
    seeds: int | None = None
    judge: str = "score"
    reach: float | None = None
    defaults: bool | None = None
    lengths: str | Sequence[str] | None = None
    alpha: float = ALPHA
    replicate: int = 0
    margin: str | float | None = None
    device: str = "cpu"


TABLE_OPTIONS = ("target", "kind", "ignore", "group", "time", "test", "text", "length", "image_size")


def columns(named: str | Sequence[str]) -> tuple[str, ...]:
    """The names of columns, of which one may stand by itself."""
    return (named,) if isinstance(named, str) else tuple(named)


def check(request: Request) -> None:
    """Raises UserError, one sentence, for options that are wrong whatever the task is."""
    if request.budget is not None and request.work is not None:
        raise UserError("give a budget or work, not both: a budget is time, work a number of member-steps")
    if request.vary is not None and request.arms is not None:
        raise UserError("give arms or axes to vary, not both: an arm is a whole recipe of its own")
    for name in ("work", "trials", "seeds"):
        number = getattr(request, name)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
            raise UserError(f"{name} {number!r} is no whole number of at least 1")
    if request.trials is not None and request.trials < FEWEST:
        raise UserError(f"{request.trials} trials are no tuning; give at least {FEWEST}")
    if not _is_number(request.alpha) or not 0 < request.alpha < 1:
        raise UserError(f"alpha {request.alpha!r} is no error rate between 0 and 1")
    if (
        isinstance(request.replicate, bool)
        or not isinstance(request.replicate, int)
        or not 0 <= request.replicate < 1000
    ):
        raise UserError(f"replicate {request.replicate!r} is no whole number from 0 to 999")
    judge_of(request.judge)
    check_device(request.device)


def task_of(request: Request, on_progress: Callable[[str], None] | None = None) -> Task:
    """The task that is meant, with the metric asked for. Raises UserError for what is none.

    on_progress hears in words how far the reading of many files is.
    """
    task = request.task
    given = {name: getattr(request, name) for name in TABLE_OPTIONS}
    given = {name: value for name, value in given.items() if value is not None and not _is_empty(value)}
    if isinstance(task, Task | tuple):
        if given:
            name, value = next(iter(given.items()))
            raise UserError(f"{name} {value!r} is for tables, but the task is given as data")
        if isinstance(task, tuple) and len(task) not in (2, 3):
            raise UserError(f"a task of arrays is (x, y) or (x, y, network), not {len(task)} things")
        found = task if isinstance(task, Task) else from_arrays(*task)
    elif task is None:
        raise UserError("there is no task to compare on; name one, for example digits, or a table's path")
    else:
        found = load(str(task) if isinstance(task, Path) else task, **given, on_progress=on_progress)
    if request.weights is not None:
        found = started(found, request.weights)
    made = found if request.metric is None else with_metric(found, request.metric)
    _check_metric(made)
    return made


def _check_metric(task: Task) -> None:
    """Raises UserError where the validation or test rows of the first seed leave the metric undefined."""
    if metrics.find(task.metric).compute is None:
        return
    prepared = task.prepare(0)
    for part, rows in (("validation", prepared.valid), ("test", prepared.test)):
        truth = prepared.y[rows].numpy()
        shape = (len(truth), task.outputs) if task.kind == "classification" else truth.shape
        if len(truth) and math.isnan(metrics.value(task.metric, np.zeros(shape), truth)):
            raise UserError(
                f"metric {task.metric!r} is undefined on the {part} rows of task {task.name!r} (one class or "
                "one row only): choose another metric, or give that class more rows"
            )


def source_of(request: Request) -> str:
    """The ``file.py:function`` that makes the task, if it is one, for an artifact to name; else ""."""
    return request.task if isinstance(request.task, str) and ".py:" in request.task else ""


def reach_of(request: Request, task: Task) -> float | None:
    """The score whose first time is judged. Raises UserError where nothing races to it, or nothing can."""
    reach = request.reach
    if reach is None:
        return None
    if request.judge not in RACES:
        raise UserError(
            f"reach {reach} asks how soon a score is reached, so judge must be {', '.join(RACES[:-1])} or "
            f"{RACES[-1]}, not {request.judge}"
        )
    if not _is_number(reach) or (metrics.find(task.metric).share and not reach <= 1):
        raise UserError(f"reach {reach!r} is no {task.metric} that can be reached")
    return float(reach)


def margin_of(request: Request, task: Task) -> Margin:
    """The margin of "same": as asked for, a number or a share of the baseline ("2%"), or the judge's own.

    Raises UserError for what is neither, or negative.
    """
    asked = request.margin
    if asked is None:
        return margin_for(request.judge, task.metric)
    text = str(asked).strip()
    try:
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(asked, bool) or not number.is_finite() or number < 0:
        raise UserError(f'margin {asked!r} is no number of at least 0 and no share like "2%"')
    relative = text.endswith("%")
    return Margin(float(number / 100 if relative else number), relative)


def lengths_of(told: str | Sequence[float | str] | None) -> tuple[float, ...]:
    """Shares of the full length: of ``"1/4,1"`` or numbers; the full one, which is always there, left out.

    Raises UserError for what is no share above 0 and up to 1.
    """
    if told is None:
        return ()
    found: list[float] = []
    for one in told.split(",") if isinstance(told, str) else told:
        top, slash, bottom = str(one).strip().partition("/")
        try:
            share = float(top) / float(bottom) if slash else float(top)
        except (ValueError, ZeroDivisionError):
            share = math.nan
        if not 0 < share <= 1:
            raise UserError(f"length {one!r} is no share of the full training above 0 and up to 1, like 1/4")
        if share < 1 and share not in found:
            found.append(share)
    return tuple(found)


def margin_text(margin: Margin) -> str | float:
    """The margin as ``margin_of`` reads it back exactly."""
    percent = (Decimal(repr(margin.value)) * 100).normalize()
    return f"{percent:f}%" if margin.relative else margin.value


def _is_empty(value: Any) -> bool:
    """Whether this is a list of nothing."""
    return isinstance(value, list | tuple) and not value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
