"""Axes: what a comparison varies, which there are, and the values to compare on them.

All are read from the catalogue and from the recipe's dataclass; no list of them stands anywhere.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shoal import catalogue
from shoal.errors import UserError, unknown
from shoal.experiments import fields, hyperparameters
from shoal.experiments.axis import Axis, check_has, fits, fixed_by, has, label, read, short, value_in, words
from shoal.experiments.fields import Value
from shoal.experiments.hyperparameters import WEIGHT_PENALTY
from shoal.population.recipe import Recipe
from shoal.techniques.card import Range

if TYPE_CHECKING:  # tasks import torch, which listing the axes does without
    from shoal.tasks.task import Task

Vary = str | Sequence[str] | Mapping[str, Sequence[Value] | None]
ANY_HYPER = "TECHNIQUE.HYPER"
_POINTS = 5
"""Values of a hyperparameter that are compared where the user names none."""


def names() -> tuple[str, ...]:
    """The axes with names of their own; beside them every "technique.hyper" is one."""
    return (*hyperparameters.kinds(), *catalogue.SWITCHED, "lr", *fields.plain(), *short())


def listed() -> list[dict[str, str]]:
    """Every axis as ``shoal list axes`` shows it: name, kind, and in the summary what can be compared."""
    rows = []
    for name in names():
        axis = axis_of(name)
        if axis.kind == "field":
            values = tuple(map(label, fields.spoken(name)))
        elif axis.kind == "hyper":
            values = (axis.key if axis.key != name else "the optimizer's learning rate",)
        else:
            values = (*words(axis, Recipe()), *catalogue.names(name))
        rows.append({"name": name, "kind": axis.kind, "summary": ", ".join(values)})
    some = "any hyperparameter of a technique in the recipe, for example adam.beta2"
    return [*rows, {"name": ANY_HYPER, "kind": "hyper", "summary": some}]


def axis_of(name: str, what: str = "axis") -> Axis:
    """The axis called ``name``. Raises UserError for one that does not exist, listing those that do."""
    if name in hyperparameters.kinds():
        return Axis(name, "technique")
    if name in catalogue.SWITCHED:
        return Axis(name, "switched")
    if name in fields.plain():
        return Axis(name, "field")
    if name == "lr" or name in short() or "." in name.strip("."):
        return Axis(name, "hyper")
    raise unknown(what, name, (*names(), ANY_HYPER))


def asked_for(vary: Vary) -> dict[Axis, tuple[Value, ...] | None]:
    """The axes, and for each the values asked for, or None for all: of ``"optimizer"``, ``"lr=0.1,0.01"``,
    several of these, or a dict. Raises UserError for an axis that is unknown or named twice, or for none.
    """
    pairs: Iterable[tuple[str, Any]]
    if isinstance(vary, Mapping):
        pairs = vary.items()
    else:
        split = [one.partition("=") for one in ([vary] if isinstance(vary, str) else vary)]
        pairs = [(name, text if equals else None) for name, equals, text in split]
    found: dict[Axis, tuple[Value, ...] | None] = {}
    for name, values in pairs:
        axis = axis_of(name.strip())
        if axis in found:
            raise UserError(f"{axis.name} is varied twice; name all of its values at once: {axis.name}=a,b,c")
        if isinstance(values, str):
            values = [one.strip() for one in values.split(",")]
        found[axis] = None if values is None else tuple(values)
    if not found:
        raise UserError("nothing is varied; name an axis, for example optimizer or lr=0.1,0.01")
    return found


def values_of(axis: Axis, asked: Sequence[Value] | None, recipe: Recipe, task: "Task") -> tuple[Value, ...]:
    """The values to compare: those asked for, each checked, or all that make sense here.

    Raises UserError for fewer than two values, the same value twice, or a value outside its domain.
    """
    check_has(axis, recipe)
    if asked is None:
        values = _offered(axis, recipe, task)
    else:
        values = tuple(read(axis, value, recipe, task) for value in asked)
    labels = [label(value) for value in values]
    for one in labels:
        if labels.count(one) > 1:
            raise UserError(f"{axis.name} {one} is given twice; name each value once")
    if len(values) < 2:
        raise UserError(
            f"a comparison needs at least two values of {axis.name}, got {', '.join(labels) or 'none'}"
        )
    return values


def alternatives(axis: Axis, recipe: Recipe, task: "Task") -> tuple[Value, ...]:
    """All values offered on the axis except the recipe's own; none where the axis means nothing here."""
    if not has(axis, recipe) or axis.name in fixed_by(recipe.optimizer):
        return ()
    own = label(value_in(axis, recipe))
    return tuple(value for value in _offered(axis, recipe, task) if label(value) != own)


def _offered(axis: Axis, recipe: Recipe, task: "Task") -> tuple[Value, ...]:
    if axis.kind == "field":
        return fields.offered(axis.name, recipe, task)
    if axis.kind == "technique":
        return (*words(axis, recipe), *catalogue.names(axis.name))
    if axis.kind == "switched":
        possible = (name for name in catalogue.names(axis.name) if name != WEIGHT_PENALTY)
        return (
            *words(axis, recipe),
            *(one for one in possible if fits(Axis(f"{one}.", "hyper"), recipe, task)),
        )
    found = hyperparameters.find(axis.key, recipe)
    if found.range is None:
        raise UserError(f"{axis.name} has no search range; name the values to compare, {axis.name}=a,b,...")
    return _points(found.range)


def _points(span: Range) -> tuple[float, ...]:
    """Values at equal distances (equal ratios) over a range: its ends, and rounded ones between them."""
    shares = [step / (_POINTS - 1) for step in range(1, _POINTS - 1)]
    if span.log:
        ratio = span.high / span.low
        inner = [float(f"{span.low * ratio**share:.2g}") for share in shares]
    else:
        width = span.high - span.low
        decimals = 2 - math.floor(math.log10(width))
        inner = [round(span.low + share * width, decimals) for share in shares]
    return (float(span.low), *inner, float(span.high))
