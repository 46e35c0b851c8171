"""What a screening tries: on every axis that is a technique or the network's size, all alternatives."""

from collections.abc import Mapping

from shoal.experiments import arms as arms_
from shoal.experiments import axes, fields, hyperparameters, recipes
from shoal.experiments.arms import Arm
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
    return (*hyperparameters.kinds(), "regularizer", *free)


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
        values = axes.alternatives(axis, recipe, task)
        made = [
            arms_.arm(f"{name} {axes.label(value)}", {name: value}, start, task, base) for value in values
        ]
        if made:
            names[name] = tuple(arm.name for arm in made)
            found += made
    return names, tuple(found), BASELINE
