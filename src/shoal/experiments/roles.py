"""Whether a network has the roles of parameters that an optimizer is split by."""

from shoal.composition import branches, stages
from shoal.population.groups import regions
from shoal.population.recipe import Recipe
from shoal.population.template import template
from shoal.tasks.task import Task


def missing(recipe: Recipe, task: Task) -> frozenset[str]:
    """The roles that the recipe's optimizer has rules for and its network on the task has not."""
    each = [branch for stage in stages(recipe.optimizer) for branch in branches(stage.rule)]
    named = frozenset(role for branch in each for role in branch.roles)
    return named - set(template(task, recipe).roles.values()) if named else named


def check(recipe: Recipe, task: Task) -> None:
    """Raises UserError where a role is missing."""
    if missing(recipe, task):
        for stage in stages(recipe.optimizer):
            regions(stage.rule, template(task, recipe))
