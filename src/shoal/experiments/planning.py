"""From what is asked to a plan: the arms, the baseline, and every number that decides."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from shoal.errors import UserError
from shoal.experiments import arms as arms_
from shoal.experiments import axes, recipes, request, screening_plan
from shoal.experiments.arms import Arm
from shoal.experiments.axes import Vary
from shoal.experiments.axis import Axis
from shoal.experiments.budget import seconds_of
from shoal.experiments.fields import Value
from shoal.experiments.plan import Plan
from shoal.experiments.recipes import Changes
from shoal.experiments.request import DEFAULT_BUDGET, RecipeLike, Request
from shoal.population.recipe import Recipe
from shoal.tasks.task import Task


class Compared(NamedTuple):
    """What is compared, every value named: axis → values, or arm → changes; base: where all arms start.

    Neither axes nor arms: everything is screened.
    """

    base: Changes
    values: Mapping[Axis, Sequence[Value]]
    arms: Mapping[str, Changes]


def make_plan(task: Task, vary: Vary | None = None, **options: Any) -> Plan:
    """The plan of a comparison with the options of ``shoal.compare``. Raises UserError for a wrong one."""
    asked = Request(task=task, vary=vary, **options)
    return plan_of(task, asked, compared(task, asked))


def compared(task: Task, asked: Request) -> Compared:
    """What the request compares, checked. Raises UserError, one sentence, for anything wrong with it."""
    request.check(asked)
    if asked.fingerprint not in (None, task.fingerprint):
        raise UserError(
            f"the data of {task.name} are not those that the plan was written for; remove its fingerprint to "
            "compare on the new ones"
        )
    start = start_of(task, asked)
    with _place(asked.recipe if _is_file(asked.recipe) else None):
        base = recipes.draft(changes_of(asked.recipe, start), start, task)
    if asked.arms is not None:
        return Compared(base.values, {}, _arms(asked.arms, base.values, start, task))
    if asked.vary is None:
        return Compared(base.values, {}, {})
    named = axes.asked_for(asked.vary)
    values = {axis: axes.values_of(axis, some, base.recipe, task) for axis, some in named.items()}
    return Compared(base.values, values, {})


def plan_of(task: Task, asked: Request, what: Compared) -> Plan:
    """The plan of what is compared. Raises UserError for values that do not go together."""
    start = start_of(task, asked)
    if not what.arms and not what.values:
        axes_, arms, baseline = screening_plan.arms(what.base, start, task)
        made = plan_of_arms(task, asked, screening_plan.NAME, arms, baseline)
        return replace(made, screens=axes_)
    if what.arms:
        arms = arms_.told(what.arms, what.base, start, task)
        return plan_of_arms(task, asked, "recipe", arms, arms[0].name)
    arms = arms_.cross(what.values, what.base, start, task)
    baseline = arms_.baseline(what.values, recipes.recipe_of(what.base, start, task))
    made = plan_of_arms(task, asked, " × ".join(axis.name for axis in what.values), arms, baseline)
    return replace(made, crossed=_crossed(what.values))


def _crossed(values: Mapping[Axis, Sequence[Value]]) -> dict[str, dict[str, str]]:
    """Of several axes by arm its value on each, as written; of one nothing."""
    if len(values) < 2:
        return {}
    combinations = (dict(zip(values, one, strict=True)) for one in itertools.product(*values.values()))
    return {
        arms_.name_of(pairs): {axis.name: axes.label(value) for axis, value in pairs.items()}
        for pairs in combinations
    }


def plan_of_arms(task: Task, asked: Request, axis: str, arms: tuple[Arm, ...], baseline: str) -> Plan:
    """The plan of arms that are made already. Raises UserError for a wrong budget, reach or margin."""
    budget = DEFAULT_BUDGET if asked.budget is None else asked.budget
    return Plan(
        task=task.name,
        fingerprint=task.fingerprint,
        metric=task.metric,
        higher_is_better=task.higher_is_better,
        train_rows=task.train_rows,
        axis=axis,
        arms=arms,
        baseline=baseline,
        judge=asked.judge,
        margin=request.margin_of(asked, task),
        alpha=asked.alpha,
        replicate=asked.replicate,
        budget_seconds=None if asked.work is not None else seconds_of(budget),
        work=asked.work,
        seeds=asked.seeds,
        device=asked.device,
        trials=asked.trials,
        reach=request.reach_of(asked, task),
        defaults=asked.defaults,
        lengths=request.lengths_of(asked.lengths),
    )


def start_of(task: Task, asked: Request) -> Recipe:
    """The recipe that every change is made to: the task's default one, on the device asked for."""
    return replace(arms_.default_recipe(task), device=asked.device)


def changes_of(told: RecipeLike | None, start: Recipe) -> dict[str, Value]:
    """A recipe in any of its forms as changes of ``start``. Raises UserError for what is none."""
    if told is None:
        return {}
    if isinstance(told, Recipe):
        return recipes.changes_of(told, replace(start, device=Recipe.device))
    if _is_file(told):
        return recipes.changes_in(str(told))
    if isinstance(told, str):
        return recipes.parse(told)
    if isinstance(told, Mapping):
        return recipes.flattened(told, "the recipe")
    raise UserError(f"a recipe is a Recipe, a text, a .toml file or a dict, not {type(told).__name__}")


def _is_file(told: RecipeLike | None) -> bool:
    return isinstance(told, Path) or (isinstance(told, str) and told.endswith(".toml") and "=" not in told)


def _arms(
    told: Mapping[str, RecipeLike], base: Changes, start: Recipe, task: Task
) -> dict[str, dict[str, Value]]:
    """By arm its own changes, read on top of ``base``."""
    if not told:
        raise UserError("there are no arms; name at least one")
    found = {}
    for name, one in told.items():
        with _place(f"arm {name}"):
            own = changes_of(one, start)
            values = recipes.draft(own, start, task, base).values
            found[name] = {each: values[each] for each in own}
    return found


@contextmanager
def _place(place: Any) -> Iterator[None]:
    """Errors name their place, a file or an arm, unless they do so already."""
    try:
        yield
    except UserError as error:
        if place is None or str(error).startswith(str(place)):
            raise
        raise UserError(f"{place}: {error}") from None
