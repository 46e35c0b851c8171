"""What a screening tries: on every axis that is a technique or the network's size, all alternatives.

Of techniques those that plain torch can do in a few lines (``Card.torch``): a minute would not tell many more
apart, and what it ends in are such lines. The others are compared where they are asked for.
"""

from collections.abc import Iterable, Mapping

from shoal import catalogue
from shoal.experiments import arms as arms_
from shoal.experiments import axes, fields, hyperparameters, recipes, roles
from shoal.experiments.arms import Arm
from shoal.experiments.fields import Value
from shoal.experiments.hyperparameters import card
from shoal.experiments.recipes import Changes
from shoal.population.recipe import Recipe
from shoal.tasks.task import Task

NAME = "everything"
BASELINE = "default"
_GIVEN = ("network", "epochs", "train_size", "label_noise", "device")
"""Fields that are no choice of a technique: the budget, the data and the machine decide them."""


def axis_names() -> tuple[str, ...]:
    """The axes that are screened: every kind of technique, and the fields that a user chooses freely.

    The learning rate is none of them: it is tuned for every alternative.
    """
    free = (name for name in fields.plain() if name not in _GIVEN)
    return (*hyperparameters.kinds(), *catalogue.SWITCHED, *free)


def left_out(screened: Iterable[str]) -> Mapping[str, int]:
    """By axis how many techniques a screening of these axes does not try, where there are any."""
    kinds = [name for name in screened if name in catalogue.kinds()]
    counts = {kind: sum(not _tried(kind, name) for name in catalogue.names(kind)) for kind in kinds}
    return {kind: count for kind, count in counts.items() if count}


def _tried(axis: str, value: Value) -> bool:
    """Whether a screening tries a value of the axis: all but techniques that plain torch has not."""
    return axis not in catalogue.kinds() or value in ("none", "own") or bool(card(axis, str(value)).torch)


def arms(
    base: Changes, start: Recipe, task: Task
) -> tuple[Mapping[str, tuple[str, ...]], tuple[Arm, ...], str]:
    """By axis the names of its alternatives; all arms, the default first; and the default's name.

    Raises UserError for a base that is wrong.
    """
    recipe = recipes.recipe_of(base, start, task)
    found = [arms_.arm(BASELINE, {}, start, task, base)]
    names: dict[str, tuple[str, ...]] = {}
    for name in axis_names():
        axis = axes.axis_of(name)
        values = [one for one in axes.alternatives(axis, recipe, task) if _tried(name, one)]
        made = [
            arms_.arm(f"{name} {axes.label(value)}", {name: value}, start, task, base)
            for value in values
            if not roles.missing(recipes.draft({name: value}, start, task, base).recipe, task)
        ]
        if made:
            names[name] = tuple(arm.name for arm in made)
            found += made
    return names, tuple(found), BASELINE
