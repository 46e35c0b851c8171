"""One axis: how a value of it is written, read, checked and put into a recipe.

An axis is a kind of technique (its values are the catalogue's names), a kind of which several may be switched
on (augmentation, regularizer), a field of the recipe, or a hyperparameter, "technique.hyper".
"""

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from shoal import catalogue
from shoal.composition import rules, uses
from shoal.errors import UserError, unknown
from shoal.experiments import fields, hyperparameters
from shoal.experiments.fields import Value
from shoal.experiments.hyperparameters import WEIGHT_PENALTY, card
from shoal.networks import register
from shoal.population.places import refusal
from shoal.population.recipe import Recipe

if TYPE_CHECKING:  # tasks import torch, which listing the axes does without
    from shoal.tasks.task import Task

_LAYERS = ("activation", "normalization")
"""Kinds that stand in layers which shoal builds: the user's own module has its own."""


@dataclass(frozen=True)
class Axis:
    """An axis by its name: "optimizer", "regularizer", "width", "lr", "adam.beta2", "dropout"."""

    name: str
    kind: Literal["technique", "switched", "field", "hyper"]

    @property
    def key(self) -> str:
        """A hyperparameter as a recipe names it; a technique's name (``short``) stands for its only one."""
        return short().get(self.name, self.name)


def read(axis: Axis, value: Value, recipe: Recipe, task: "Task | None" = None) -> Value:
    """A value as the user wrote it, as what is meant. Raises UserError unless it is legal on the axis."""
    if axis.kind == "field":
        return fields.read(axis.name, value, task)
    if axis.kind == "technique":
        return _technique(axis.name, str(value), recipe)
    if axis.kind == "switched":
        return _joined(axis.name, str(value))
    found = hyperparameters.find(axis.key, recipe)
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{axis.name} {value!r} is not a number")
    if not found.domain.contains(number):
        raise UserError(f"{axis.name} {value} lies outside its domain {found.domain}")
    return number


def apply(axis: Axis, value: Value, recipe: Recipe) -> Recipe:
    """``recipe`` with the axis set to a value that was read, and what the optimizer's card fixes
    (batch_size) applied. Regularizers (augmentations) that are set replace those that were on, beside L2.

    Raises UserError when the card fixes the very field that is set, or the network does not have it.
    """
    check_has(axis, recipe)
    if axis.kind == "hyper":
        key = hyperparameters.find(axis.key, recipe).key
        return replace(recipe, hyper={**recipe.hyper, key: float(value)})  # type: ignore[arg-type]
    if axis.kind == "switched":
        return replace(recipe, hyper=_switched(axis.name, str(value), recipe))
    changed: dict[str, Any] = {axis.name: value}
    if axis.name == "network" and value != "own" and recipe.initializer == "own":
        changed["initializer"] = Recipe.initializer
    recipe = replace(recipe, **changed)
    fixed = fixed_by(recipe.optimizer)
    if axis.name in fixed and axis.name != "optimizer" and value != fixed[axis.name]:
        raise UserError(
            f"{axis.name} cannot be set with {recipe.optimizer}, which fixes it to {fixed[axis.name]}"
        )
    return replace(recipe, **fixed)


def value_in(axis: Axis, recipe: Recipe) -> Value:
    """The value ``recipe`` has on the axis."""
    if axis.kind == "hyper":
        found = hyperparameters.find(axis.key, recipe)
        use = found.use
        off = use.kind in catalogue.SWITCHED and use.technique not in hyperparameters.switched_on(recipe)
        return 0.0 if off else recipe.hyper.get(found.key, found.default)
    if axis.kind == "switched":
        on = (one for one in hyperparameters.switched_on(recipe, axis.name) if one != WEIGHT_PENALTY)
        return "+".join(on) or "none"
    value: Value = getattr(recipe, axis.name)
    return value


def label(value: Value) -> str:
    """A value as it is written on the command line; an arm's name."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "all"
    return f"{value:g}" if isinstance(value, float) else str(value)


def has(axis: Axis, recipe: Recipe) -> bool:
    """Whether the recipe's network has what the axis sets."""
    if axis.kind == "field":
        return fields.has(recipe, axis.name)
    name = axis.key.rpartition(".")[0]
    if axis.kind == "hyper" and (kind := catalogue.switched_kind(name)):
        inside = catalogue.find(kind, name).PLACE == "activation"
        return _refusal(axis, recipe) is None and not (recipe.network == "own" and inside)
    if axis.name not in _LAYERS:
        return True
    return recipe.network != "own" and axis.name in register.describe(recipe.network).fields


def fits(axis: Axis, recipe: Recipe, task: "Task") -> bool:
    """Whether the recipe's network has what the axis sets, and it means something on the task."""
    return has(axis, recipe) and _refusal(axis, recipe, task) is None


def _refusal(axis: Axis, recipe: Recipe, task: "Task | None" = None) -> str | None:
    """Why the recipe (on the task) cannot have what the axis, a hyperparameter, switches on."""
    name = axis.key.rpartition(".")[0]
    kind = catalogue.switched_kind(name)
    if axis.kind != "hyper" or kind is None:
        return None
    return refusal(name, catalogue.find(kind, name), recipe, task)


def check_has(axis: Axis, recipe: Recipe) -> None:
    """Raises UserError unless the recipe's network has what the axis sets."""
    if has(axis, recipe):
        return
    if why := _refusal(axis, recipe):
        raise UserError(why)
    where = "your own module" if recipe.network == "own" else f"network {recipe.network}"
    fit = (Axis(name, "technique") for name in hyperparameters.kinds())
    others = (Axis(name, "field") for name in fields.plain())
    able = ", ".join(one.name for one in (*fit, *others) if has(one, recipe))
    raise UserError(f"{axis.key.removesuffix('.')} cannot be varied in {where}; these can: {able}")


def fixed_by(optimizer: str) -> dict[str, Any]:
    """The fields of a recipe that an optimizer's cards fix."""
    return {
        name: value for rule in rules(optimizer) for name, value in card("optimizer", rule).recipe.items()
    }


def words(axis: Axis, recipe: Recipe) -> tuple[str, ...]:
    """The values of a kind that are no techniques: "none", or "own" for what the user's module draws."""
    if axis.name == "initializer" and recipe.network == "own":
        return ("own",)
    return ("none",) if value_in(axis, Recipe()) == "none" else ()


@cache
def short() -> dict[str, str]:
    """Augmentations and regularizers whose name stands for their only searched hyperparameter: "dropout" →
    "dropout.rate"."""
    return {
        each["name"]: f"{each['name']}.{searched[0]}"
        for kind in catalogue.SWITCHED
        for each in catalogue.describe(kind)
        if len(searched := [name for name, one in each["hyper"].items() if one["low"] is not None]) == 1
    }


def _technique(kind: str, name: str, recipe: Recipe) -> str:
    """A technique's name, or an optimizer that is put together of several, if all of it exists and fits."""
    known = (*words(Axis(kind, "technique"), recipe), *catalogue.names(kind))
    if name in known:
        return name
    if kind == "optimizer":
        from shoal.population.rules import check  # imports torch, which listing the axes does without

        for use in uses(name):
            check(use.technique, catalogue.find(use.kind, use.technique))
        return name
    if ".py" not in name:
        raise unknown(kind, name, known)
    catalogue.find(kind, name)
    return name


def _joined(kind: str, text: str) -> str:
    known = catalogue.names(kind)
    parts = [part.strip() for part in text.split("+")]
    if parts == ["none"]:
        return "none"
    for part in parts:
        if part.endswith(".py"):
            article = "an" if kind[0] in "aeiou" else "a"
            raise UserError(f"{kind} {part}: a file of your own can be any technique but {article} {kind}")
        if part not in known:
            raise unknown(kind, part, ("none", *known))
    return "+".join(sorted(set(parts)))


def _switched(kind: str, value: str, recipe: Recipe) -> dict[str, float]:
    """The recipe's hyperparameters with exactly these of the kind on, at their defaults, beside L2."""
    wanted = [] if value == "none" else value.split("+")
    on = hyperparameters.switched_on(recipe, kind)
    off = [one for one in on if one != WEIGHT_PENALTY and one not in wanted]
    hyper = {name: one for name, one in recipe.hyper.items() if name.rpartition(".")[0] not in off}
    for name in wanted:
        check_has(Axis(f"{name}.", "hyper"), recipe)
        for one in hyperparameters.of(hyperparameters.switched(name)):
            hyper.setdefault(one.key, one.default)
    return hyper
