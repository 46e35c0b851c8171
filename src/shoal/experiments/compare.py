"""The fair comparison from end to end: plan, forecast, run, verdict."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

from shoal.experiments import plan_file
from shoal.experiments.axes import Vary
from shoal.experiments.budget import Clock
from shoal.experiments.compare_tasks import compare_tasks
from shoal.experiments.one_task import carry_out, run
from shoal.experiments.plan import ALPHA
from shoal.experiments.planning import make_plan
from shoal.experiments.request import RecipeLike, Request, TaskLike, columns
from shoal.experiments.result import Result
from shoal.experiments.standing import Watch
from shoal.experiments.tasks_plan import listed
from shoal.experiments.tasks_result import TasksResult
from shoal.population.called import Function
from shoal.population.trainer import Trainer

__all__ = ["carry_out", "compare", "make_plan"]


@overload
def compare(
    task: TaskLike = ..., vary: Vary | None = ..., *, tasks: None = ..., **options: Any
) -> Result: ...
@overload
def compare(
    task: None = ..., vary: Vary | None = ..., *, tasks: str | Sequence[TaskLike], **options: Any
) -> TasksResult: ...
def compare(  # type: ignore[misc]  # the overloads do not repeat every option
    task: TaskLike = None,
    vary: Vary | None = None,
    *,
    tasks: str | Sequence[TaskLike] | None = None,
    arms: Mapping[str, RecipeLike] | None = None,
    recipe: RecipeLike | None = None,
    plan: str | Path | None = None,
    target: str | None = None,
    kind: str | None = None,
    ignore: str | Sequence[str] = (),
    group: str | None = None,
    time: str | None = None,
    test: Any = None,
    text: str | Sequence[str] = (),
    length: int | None = None,
    image_size: int | None = None,
    weights: str | Path | None = None,
    metric: str | None = None,
    judge: str = "score",
    reach: float | None = None,
    defaults: bool | None = None,
    lengths: str | Sequence[str] | None = None,
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
    trainer: Trainer | Function | None = None,
    on_progress: Watch | None = None,
    started: float | None = None,
) -> Result | TasksResult:
    """Compare training techniques on a task, fairly, and say what the result can bear.

    task: a Task, a built-in name, a path, a polars or pandas frame, or ``(x, y)`` or ``(x, y, network)``
    with tensors x [rows, *features], y [rows] and the user's own module. target, kind, ignore, group, time,
    test, text, length, image_size: for tables, see ``from_table``, for folders ``shoal.tasks.load``. metric:
    a name of shoal.tasks.metrics, the task's own if None. weights: a .safetensors file, results folder or
    artifact that every member starts from; it must fit the networks of all arms.

    tasks: several in the place of one, ``"digits,wine,reviews.csv:label"`` or a list of what a task can be:
    the same arms are compared on each with an equal share of the budget or work, and a TasksResult says
    what holds over tasks. target is then that of tables without a column of their own.

    vary: ``"optimizer"``, ``"optimizer=sgd,adam"``, ``["optimizer", "width=16,32"]`` (crossed) or
    ``{"optimizer": ["sgd", "adam"]}``; or arms: name → a whole recipe, ``"optimizer=sgd lr=0.1"`` or a
    Recipe, the first one (or with one alone the default recipe) being the baseline. recipe: where all
    arms start from, in the same forms; what it sets is fixed, not tuned, except ``auto``.

    judge: score, train_loss, time, steps, evaluations, gap or memory; reach: the score whose first time,
    steps or evaluations are judged. margin: what counts as the same, a number or "2%" of the baseline.
    alpha: how often some arm may be called better or worse wrongly. replicate: 1, 2, ... repeat the whole
    comparison with seeds that are all others.

    defaults: judge the arms at default hyperparameters, too; None: if that takes a modest share of the
    budget. lengths: judge them, tuned anew, at shares of the full length of training, too: "1/4,1".

    budget: seconds or "90s", "5m", "1h" from ``started`` (time.monotonic(), by default now) on, 60 s unless
    ``work`` (member-steps, deterministic) is given. trials: tuning trials, seeds: evaluation seeds an arm.
    plan: a plan.toml to run again, or, with a task, to write before training. out: the results folder.
    trainer: a function of (recipe, seed), or a Trainer, that trains in place of the engine; see
    shoal.population.called and recorded, and for data that shoal never sees shoal.tasks.elsewhere.
    on_progress is called with a Standing. Raises UserError, one sentence, for anything wrong with these.
    """
    asked = Request(
        task=task, tasks=None if tasks is None else listed(tasks), target=target,
        kind=kind, ignore=columns(ignore), group=group, time=time, test=test,
        text=columns(text), length=length, image_size=image_size,
        weights=None if weights is None else str(weights), metric=metric, vary=vary, arms=arms,
        recipe=recipe, budget=budget,
        work=work, trials=trials, seeds=seeds, judge=judge, reach=reach, defaults=defaults, lengths=lengths,
        alpha=alpha, margin=margin,
        device=device, replicate=replicate,
    )  # fmt: skip
    clock = Clock(None, started)
    asked = plan_file.chosen(asked, plan)
    place = None if out is None else Path(out)
    if asked.tasks is not None:
        return compare_tasks(asked, plan, clock, place, resume, trainer, on_progress)
    return run(asked, plan, clock, place, resume, trainer, on_progress)
