"""Axes: what a comparison varies, how a value is written, checked and put into a recipe.

An axis is a kind of technique (its values are the catalogue's names) or a number of the recipe. Both
kinds stand in one table, ``AXES``; nothing else lists them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from shoal import catalogue
from shoal.errors import UserError, unknown
from shoal.population.recipe import Recipe
from shoal.techniques.card import Card, Domain

if TYPE_CHECKING:  # tasks import torch, which listing the axes does without
    from shoal.tasks.task import Task

Value = str | int | float


@dataclass(frozen=True)
class Axis:
    """An axis. ``values`` are compared when the user names none; a technique axis offers the catalogue.

    kind: "technique" (a name of the catalogue), "whole" (a whole number of the recipe's field ``name``)
    or "hyper" (a hyperparameter). words: values that are no numbers. own: whether it can be varied in the
    user's own module, whose layers shoal does not build.
    """

    name: str
    kind: Literal["technique", "whole", "hyper"]
    values: tuple[Value, ...] = ()
    words: tuple[str, ...] = ()
    own: bool = True


AXES: Mapping[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis("optimizer", "technique"),
        Axis("schedule", "technique"),
        Axis("initializer", "technique"),
        Axis("activation", "technique", own=False),
        Axis("normalization", "technique", words=("none",), own=False),
        Axis("controller", "technique", words=("none",)),
        Axis("lr", "hyper", (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)),
        Axis("dropout", "hyper", (0.0, 0.1, 0.2, 0.4, 0.6), own=False),
        Axis("batch_size", "whole", (16, 32, 64, 128, 256), words=("all",)),
        Axis("width", "whole", (16, 32, 64, 128, 256), own=False),
        Axis("depth", "whole", (1, 2, 3, 4), own=False),
    )
}


def axis_of(vary: str | Mapping[str, Sequence[Value]], task: "Task") -> tuple[Axis, tuple[Value, ...] | None]:
    """The axis and the values asked for (None: its own list) of ``"optimizer"``, ``"lr=0.1,0.01"`` or a dict.

    Raises UserError for an axis that does not exist or that the task's network does not have.
    """
    asked: Sequence[Value] | None
    if isinstance(vary, str):
        name, equals, text = vary.partition("=")
        name, asked = name.strip(), [one.strip() for one in text.split(",")] if equals else None
    else:
        if len(vary) != 1:
            raise UserError(f"a comparison varies one axis, not {len(vary)} ({', '.join(vary) or 'none'})")
        name, asked = next(iter(vary.items()))
        if isinstance(asked, str):
            asked = [one.strip() for one in asked.split(",")]
    if name not in AXES:
        raise unknown("axis", name, AXES)
    if task.network is not None and not AXES[name].own:
        fit = ", ".join(axis.name for axis in AXES.values() if axis.own)
        raise UserError(f"{name} cannot be varied in your own module; these can: {fit}")
    return AXES[name], None if asked is None else tuple(asked)


def values_of(axis: Axis, asked: Sequence[Value] | None, recipe: Recipe, task: "Task") -> tuple[Value, ...]:
    """The values to compare: those asked for, each checked, or the axis' own list.

    Raises UserError for fewer than two values, the same value twice, or a value outside its domain.
    """
    if asked is None:
        return _offered(axis, task)
    values = tuple(_checked(axis, value, recipe, task) for value in asked)
    for value in values:
        if values.count(value) > 1:
            raise UserError(f"{axis.name} {label(value)} is given twice; name each value once")
    if len(values) < 2:
        named = ", ".join(map(label, values)) or "none"
        raise UserError(f"a comparison needs at least two values of {axis.name}, got {named}")
    return values


def apply(axis: Axis, value: Value, recipe: Recipe) -> Recipe:
    """``recipe`` with the axis set to ``value``, and what the optimizer's card fixes (batch_size) applied.

    Raises UserError when the card fixes the very field that is varied.
    """
    if axis.kind == "hyper":
        recipe = replace(recipe, hyper={**recipe.hyper, _hyper_name(axis, recipe): float(value)})
    else:
        changed: dict[str, Any] = {axis.name: value}
        recipe = replace(recipe, **changed)
    fixed = card("optimizer", recipe.optimizer).recipe
    if axis.name in fixed and axis.name != "optimizer":
        raise UserError(
            f"{axis.name} cannot be varied with {recipe.optimizer}, which fixes it to {fixed[axis.name]}"
        )
    return replace(recipe, **fixed)  # type: ignore[arg-type]


def value_in(axis: Axis, recipe: Recipe) -> Value:
    """The value ``recipe`` has on the axis."""
    if axis.kind != "hyper":
        value: Value = getattr(recipe, axis.name)
        return value
    name = _hyper_name(axis, recipe)
    if axis.name == "dropout":
        return recipe.hyper.get(name, 0.0)
    return recipe.hyper.get(name, default("optimizer", recipe.optimizer, "lr"))


def label(value: Value) -> str:
    """A value as it is written on the command line; an arm's name."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def card(kind: str, name: str) -> Card:
    """The card of a technique."""
    found: Card = catalogue.find(kind, name).CARD
    return found


def prefix(technique: str) -> str:
    """What stands before the dot of a hyperparameter's name: the technique's, or its file's without ".py"."""
    return technique.rpartition("/")[2].removesuffix(".py")


def default(kind: str, technique: str, hyper: str) -> float:
    """A technique's default of one of its hyperparameters."""
    return float(getattr(catalogue.find(kind, technique).Hyper(), hyper))


def _hyper_name(axis: Axis, recipe: Recipe) -> str:
    return f"{prefix(recipe.optimizer)}.lr" if axis.name == "lr" else "dropout.rate"


def _offered(axis: Axis, task: "Task") -> tuple[Value, ...]:
    if axis.kind == "technique":
        return (*axis.words, *catalogue.names(axis.name))
    if axis.name == "batch_size":
        return tuple(v for v in axis.values if isinstance(v, int) and v <= max(32, task.train_rows))
    return axis.values


def _checked(axis: Axis, value: Value, recipe: Recipe, task: "Task") -> Value:
    if value in axis.words:
        return value
    if axis.kind == "technique":
        known = (*axis.words, *catalogue.names(axis.name))
        name = str(value)
        if name not in known and not name.endswith(".py"):
            raise unknown(axis.name, name, known)
        catalogue.find(axis.name, name)
        return name
    number = _number(axis, value)
    if axis.kind == "whole":
        if number != int(number) or number < 1:
            words = "".join(f" or {word!r}" for word in axis.words)
            raise UserError(f"{axis.name} {value} is no whole number of at least 1{words}")
        if axis.name == "batch_size" and number > task.train_rows:
            raise UserError(
                f"batch_size {value} is more than the {task.train_rows} training rows; write 'all' for all"
            )
        return int(number)
    domain = _domain(axis, recipe)
    if not domain.contains(number):
        raise UserError(f"{axis.name} {value} lies outside its domain {domain}")
    return number


def _number(axis: Axis, value: Value) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        words = "".join(f" or {word!r}" for word in axis.words)
        raise UserError(f"{axis.name} {value!r} is not a number{words}")
    return number


def _domain(axis: Axis, recipe: Recipe) -> Domain:
    if axis.name == "lr":
        return card("optimizer", recipe.optimizer).domain["lr"]
    return card("regularizer", "dropout").domain["rate"]


def contained(optimizer: str) -> frozenset[str]:
    """The rules an optimizer can imitate, by its card and the cards of those."""
    found: set[str] = set()
    left = [optimizer]
    while left:
        new = set(card("optimizer", left.pop()).contains) - found
        found |= new
        left += new
    return frozenset(found)
