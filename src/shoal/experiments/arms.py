"""Arms: the recipes of one comparison, each with the nuisance hyperparameters to tune for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shoal.experiments.axes import Axis, Value, apply, card, default, label, prefix, value_in
from shoal.population.recipe import Recipe
from shoal.tasks.task import Task
from shoal.techniques.card import Domain, Range


@dataclass(frozen=True)
class Dimension:
    """One nuisance hyperparameter: where search starts, how far it may go, the technique's default."""

    range: Range
    domain: Domain
    default: float


@dataclass(frozen=True)
class Arm:
    """A named recipe and its search space, "technique.hyper" → dimension; lr, if tuned, comes first."""

    name: str
    recipe: Recipe
    space: Mapping[str, Dimension]

    @property
    def lr(self) -> str | None:
        """The name of the tuned learning rate, or None when lr is compared or fixed by the user."""
        name = f"{prefix(self.recipe.optimizer)}.lr"
        return name if name in self.space else None

    def at(self, point: Mapping[str, float], epochs: float) -> Recipe:
        """The arm's recipe at a point of its space, trained for ``epochs``."""
        return replace(self.recipe, epochs=epochs, hyper={**self.recipe.hyper, **point})


def default_recipe(task: Task) -> Recipe:
    """Where a comparison starts: an MLP, a convnet for images, or the task's own module as drawn."""
    if task.network is not None:
        return Recipe(network="own", initializer="own")
    return Recipe(network="convnet" if len(task.features) == 3 else "mlp")


def build(axis: Axis, values: Sequence[Value], recipe: Recipe) -> tuple[Arm, ...]:
    """One arm for each value. What ``recipe.hyper`` already sets is fixed by the user and not tuned."""
    arms = []
    for value in values:
        varied = apply(axis, value, recipe)
        arms.append(Arm(label(value), varied, _nuisance(varied)))
    return tuple(arms)


def baseline(axis: Axis, arms: Sequence[Arm], recipe: Recipe) -> str:
    """The arm others are compared with: the one with the recipe's own value, or else the first."""
    own = label(value_in(axis, recipe))
    return own if own in [arm.name for arm in arms] else arms[0].name


def _nuisance(recipe: Recipe) -> dict[str, Dimension]:
    """lr and weight decay, the optimizer's own if it has one, else L2; never what the recipe fixes."""
    ranges = card("optimizer", recipe.optimizer).ranges
    wanted = [("optimizer", recipe.optimizer, "lr")] if "lr" in ranges else []
    if "weight_decay" in ranges:
        wanted.append(("optimizer", recipe.optimizer, "weight_decay"))
    else:
        wanted.append(("regularizer", "l2", "coefficient"))
    space = {}
    for kind, technique, hyper in wanted:
        name = f"{prefix(technique)}.{hyper}"
        if name not in recipe.hyper:
            own = card(kind, technique)
            domain = own.domain.get(hyper, Domain())
            space[name] = Dimension(own.ranges[hyper], domain, default(kind, technique, hyper))
    return space
