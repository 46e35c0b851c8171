"""Where a regularizer or augmentation can act, and where it cannot, in words."""

from typing import TYPE_CHECKING, Any

from shoal import catalogue
from shoal.errors import UserError
from shoal.networks import register
from shoal.population.recipe import Recipe

if TYPE_CHECKING:  # tasks import torch, which listing the axes does without
    from shoal.tasks.task import Task

_SPOKEN = {
    "numbers": "plain numbers",
    "image": "images [channels, height, width]",
    "tokens": "tokens",
    "text": "text to continue",
}
_PARTIAL = ("inputs", "pairs", "branch", "target", "output")  # places that not every network or task has


def no_branches(what: str, recipe: Recipe) -> str | None:
    """Why ``what`` (a technique and its verb) cannot be, and the way out, if the network has no branches."""
    has = "never" if recipe.network == "own" else register.describe(recipe.network).branches
    if has == "always" or (has == "residual" and recipe.residual and recipe.depth > 1):
        return None
    return (
        f"{what} residual branches, and this network has none: set network=mlp, residual=true and a depth of "
        "at least 2"
    )


def check(recipe: Recipe, task: "Task") -> None:
    """Raises UserError for what of the recipe is switched on and cannot act in its network or on the task."""
    for name, technique in catalogue.switched_on(recipe.hyper, *_PARTIAL).items():
        if why := refusal(name, technique, recipe, task):
            raise UserError(why)


def refusal(name: str, technique: Any, recipe: Recipe, task: "Task | None" = None) -> str | None:
    """Why a recipe (on a task) cannot have what is switched on, with the way out, or None if it can."""
    place = technique.PLACE
    if place == "branch" and (why := no_branches(f"regularizer {name!r} acts on", recipe)):
        return f"{why}, or leave it out"
    if task is None:
        return None
    if place in ("target", "output") and (
        task.kind not in ("classification", "language") or task.loss is not None
    ):
        return (
            f"regularizer {name!r} acts on the probabilities of classes, but task {task.name!r} predicts "
            "numbers or has a loss of its own: leave it out"
        )
    if place in ("inputs", "pairs") and not register.covers(technique.INPUTS, task.inputs):
        return (
            f"augmentation {name!r} changes {_SPOKEN[technique.INPUTS]}, but the rows of task {task.name!r} "
            f"are {_SPOKEN[task.inputs]}: leave it out"
        )
    if place == "pairs" and (task.kind not in ("classification", "regression") or task.loss is not None):
        return (
            f"augmentation {name!r} mixes what rows aim at, but task {task.name!r} has a loss of its own: "
            "leave it out"
        )
    return None
