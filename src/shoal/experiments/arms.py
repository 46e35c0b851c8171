"""Arms: the recipes of one comparison, each with the nuisance hyperparameters to tune for it."""

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from shoal.composition import uses
from shoal.errors import UserError
from shoal.experiments import hyperparameters, recipes, roles
from shoal.experiments.axis import Axis, label, value_in
from shoal.experiments.fields import Value
from shoal.experiments.hyperparameters import WEIGHT_PENALTY
from shoal.experiments.recipes import Changes
from shoal.networks import register
from shoal.population import places
from shoal.population.recipe import Recipe
from shoal.tasks.task import Task
from shoal.techniques.card import Domain, Range

DIMENSIONS = 10
"""Hyperparameters of one arm that can be tuned together."""
MOST = 64
"""Arms of one comparison; more are asked for by mistake, by crossing axes with many values."""


@dataclass(frozen=True)
class Dimension:
    """One nuisance hyperparameter: where search starts, how far it may go, the technique's default."""

    range: Range
    domain: Domain
    default: float


@dataclass(frozen=True)
class Arm:
    """A named recipe and its search space, "technique.hyper" → dimension; tuned learning rates come first.

    epochs: its length where the user told it; else all arms are as long as the budget allows.
    """

    name: str
    recipe: Recipe
    space: Mapping[str, Dimension]
    epochs: float | None = None

    @property
    def rates(self) -> tuple[str, ...]:
        """The names of all tuned learning rates, one for each rule; none where they are compared or fixed."""
        return tuple(one.key for one in hyperparameters.rates(self.recipe) if one.key in self.space)

    def at(self, point: Mapping[str, float], epochs: float) -> Recipe:
        """The arm's recipe at a point of its space, trained for ``epochs`` unless its length was told."""
        length = epochs if self.epochs is None else self.epochs
        return replace(self.recipe, epochs=length, hyper={**self.recipe.hyper, **point})


def default_recipe(task: Task) -> Recipe:
    """Where a comparison starts: the usual network of such data, or the task's own module as drawn."""
    batch_size = task.batch_size or Recipe.batch_size
    if task.network is not None:
        return Recipe(network="own", initializer="own", batch_size=batch_size)
    network = register.USUAL[task.inputs]
    return Recipe(**{"network": network, "batch_size": batch_size, **register.describe(network).start})


def arm(
    name: str, changes: Changes, start: Recipe, task: Task | None = None, base: Changes | None = None
) -> Arm:
    """The arm that the ``base`` changes, then its own make of ``start``. Numbers that are set are not tuned.

    Raises UserError for a change that is wrong, roles that the network has not, what is switched on and
    cannot act there, or ``auto`` where nothing is tuned.
    """
    made = recipes.draft(changes, start, task, base)
    if task is not None:
        roles.check(made.recipe, task)
        places.check(made.recipe, task)
    space = _nuisance(made.recipe, made.free)
    for key in sorted(made.auto - set(space)):
        raise UserError(f"{key} of arm {name} is not tuned in a comparison and cannot be auto; give a number")
    if (count := len(space)) > DIMENSIONS:
        raise UserError(f"arm {name} has {count} hyperparameters to tune, more than {DIMENSIONS}; fix some")
    return Arm(name, made.recipe, space, made.recipe.epochs if "epochs" in made.values else None)


def build(axis: Axis, values: Sequence[Value], recipe: Recipe) -> tuple[Arm, ...]:
    """One arm for each value of an axis. What ``recipe.hyper`` sets is fixed by the user and not tuned."""
    return cross({axis: values}, {}, recipe)


def cross(
    values: Mapping[Axis, Sequence[Value]], base: Changes, start: Recipe, task: Task | None = None
) -> tuple[Arm, ...]:
    """One arm for each combination of the axes' values, on top of the ``base`` changes of ``start``.

    Raises UserError for more than ``MOST`` arms, and for two that are the same recipe.
    """
    count = math.prod(map(len, values.values()))
    if count > MOST:
        each = " × ".join(f"{len(some)} {axis.name}" for axis, some in values.items())
        raise UserError(f"{each} are {count} arms, more than the {MOST} of one comparison; name fewer values")
    found = []
    for combination in itertools.product(*values.values()):
        pairs = dict(zip(values, combination, strict=True))
        changes = {axis.name: value for axis, value in pairs.items()}
        found.append(arm(name_of(pairs), changes, start, task, base))
    return _different(found)


def told(arms: Mapping[str, Changes], base: Changes, start: Recipe, task: Task) -> tuple[Arm, ...]:
    """The arms that were told one by one, each on top of ``base``; a single one is compared with ``base``.

    Raises UserError for a recipe that is wrong, and for two that are the same.
    """
    if len(arms) == 1:
        if "default" in arms:
            raise UserError("an arm alone is compared with the arm default, so it needs another name")
        arms = {"default": {}, **arms}
    return _different([arm(name, changes, start, task, base) for name, changes in arms.items()])


def baseline(values: Mapping[Axis, Sequence[Value]], recipe: Recipe) -> str:
    """The name of the arm that others are compared with: on each axis the recipe's own value, if it is
    compared, or else the first."""
    own = {}
    for axis, some in values.items():
        mine = label(value_in(axis, recipe))
        own[axis] = next((value for value in some if label(value) == mine), some[0])
    return name_of(own)


def name_of(values: Mapping[Axis, Value]) -> str:
    """An arm's name: its value, or of several axes "adam · width 32", where names say what they are."""
    if len(values) == 1:
        return label(next(iter(values.values())))
    kinds = ("technique", "switched")
    bare = {axis: axis.kind in kinds and value not in ("none", "own") for axis, value in values.items()}
    return " · ".join(
        label(value) if bare[axis] else f"{axis.name} {label(value)}" for axis, value in values.items()
    )


def _different(arms: Sequence[Arm]) -> tuple[Arm, ...]:
    """The arms; UserError where two train and tune the same."""
    at_defaults = [one.at({name: each.default for name, each in one.space.items()}, 0.0) for one in arms]
    for place, one in enumerate(arms):
        for earlier, other in enumerate(arms[:place]):
            if at_defaults[place] == at_defaults[earlier] and one.space == other.space:
                raise UserError(f"arms {other.name} and {one.name} are the same recipe; leave one out")
    return tuple(arms)


def _nuisance(recipe: Recipe, free: Collection[str]) -> dict[str, Dimension]:
    """lr and weight decay of each rule, else L2, and what links, augmentations and regularizers search; never
    what is fixed.

    Each rule of a switch or split has its own. The others are compared for their own numbers' sake.
    """
    chosen = hyperparameters.of(*uses(recipe.optimizer))
    wanted = [one for one in chosen if one.name == "lr"]
    decay = [one for one in chosen if one.name == "weight_decay" and one.range is not None]
    wanted += decay or hyperparameters.of(hyperparameters.switched(WEIGHT_PENALTY))
    wanted += [one for one in chosen if one.use.kind == "link"]
    wanted += hyperparameters.of(*map(hyperparameters.switched, hyperparameters.switched_on(recipe)))
    space = {}
    for one in wanted:
        if one.range is not None and (one.key not in recipe.hyper or one.key in free):
            space[one.key] = Dimension(one.range, one.domain, one.default)
    return space
