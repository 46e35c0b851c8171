"""Recipes as people write them: ``"optimizer=sgd schedule=cosine lr=auto"``, or a file recipe.toml.

A recipe is told by its changes, name → value: a field ("width"), "augmentation" or "regularizer" (one or
several joined by +, or none), "lr" (the optimizer's), or any "technique.hyper" of a technique that the recipe
uses. A hyperparameter of an augmentation or regularizer turns it on. A hyperparameter that is told is fixed;
``auto`` leaves it free.
"""

import dataclasses
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shoal import catalogue
from shoal.errors import UserError
from shoal.experiments import axes, hyperparameters, toml_text
from shoal.experiments.axis import Axis, apply, label, read
from shoal.experiments.fields import Value
from shoal.experiments.hyperparameters import Hyperparameter
from shoal.networks import register
from shoal.population.recipe import Recipe

if TYPE_CHECKING:  # tasks import torch
    from shoal.tasks.task import Task

AUTO = "auto"
_LARGEST_FILE = 1_000_000
_ORDER = ("network", "optimizer")
"""What others depend on comes first; then techniques, fields, what is switched on, hyperparameters."""
_KINDS = ("technique", "field", "switched", "hyper")

Changes = Mapping[str, Value]


class Draft(NamedTuple):
    """A recipe, and what of it is not fixed. free: hyperparameters to tune although they may stand in the
    recipe: those that came with what was switched on, and the ``auto`` ones. values: the changes, as read.
    """

    recipe: Recipe
    free: frozenset[str]
    auto: frozenset[str]
    values: Changes


def parse(text: str) -> dict[str, Value]:
    """The changes in ``"width=128 lr=auto"``, unread; quoted as in a shell where a value holds spaces.

    Raises UserError for a word that is no ``name=value``, and for a name told twice.
    """
    try:
        told = shlex.split(text)
    except ValueError as error:
        raise UserError(f"the recipe {text!r} cannot be read: {str(error).lower()}") from None
    found: dict[str, Value] = {}
    for word in told:
        name, equals, value = word.partition("=")
        if not name or not equals or not value:
            raise UserError(f"{word!r} in the recipe {text!r} is no name=value, for example optimizer=sgd")
        if name in found:
            raise UserError(f"{name} is told twice in the recipe {text!r}")
        found[name] = value
    return found


def draft(changes: Changes, start: Recipe, task: "Task | None" = None, base: Changes | None = None) -> Draft:
    """``start`` with the changes, each checked (against ``task`` as well, where one is given).

    base: changes that are made before. What they fix of a technique that ``changes`` exchange is left alone,
    and means nothing. Raises UserError for a name or value that does not exist or does not fit the rest of
    the recipe.
    """
    made = Draft(start, frozenset(), frozenset(), {})
    for stage in (base or {}, changes):
        named = [(axes.axis_of(name, "part of a recipe"), value) for name, value in stage.items()]
        for axis, value in sorted(named, key=lambda pair: _rank(pair[0])):
            made = _changed(made, axis, value, task)
    return made


def _rank(axis: Axis) -> tuple[int, int]:
    place = _ORDER.index(axis.name) if axis.name in _ORDER else len(_ORDER)
    return place, _KINDS.index(axis.kind)


def _changed(made: Draft, axis: Axis, value: Value, task: "Task | None") -> Draft:
    recipe, free, auto, values = made
    if axis.kind == "hyper":
        found = hyperparameters.find(axis.key, recipe)
        if value == AUTO:
            recipe = dataclasses.replace(recipe, hyper=_free(recipe.hyper, found))
            return Draft(recipe, free | {found.key}, auto | {found.key}, {**values, axis.name: AUTO})
        free, auto = free - {found.key}, auto - {found.key}
    number = read(axis, value, recipe, task)
    after = apply(axis, number, recipe)
    if axis.name == "network" and number != recipe.network:
        after = dataclasses.replace(after, **_start(str(number), values))
    if axis.kind == "switched":
        free |= set(after.hyper) - set(recipe.hyper)
    return Draft(after, free, auto, {**values, axis.name: number})


def _start(network: str, told: Changes) -> dict[str, Any]:
    """What a network starts from, in fields that some network starts elsewhere and that were not told."""
    starts = {name: register.describe(name).start for name in register.names()}
    own = starts.get(network, {})
    touched = dict.fromkeys(name for start in starts.values() for name in start if name not in told)
    return {name: own.get(name, getattr(Recipe, name)) for name in touched}


def recipe_of(changes: Changes, start: Recipe | None = None, task: "Task | None" = None) -> Recipe:
    """The recipe that the changes make of ``start``; what is ``auto`` takes the technique's default.

    Raises UserError like ``draft``.
    """
    return draft(changes, start or Recipe(), task).recipe


def changes_of(recipe: Recipe, start: Recipe) -> dict[str, Value]:
    """The changes that make ``recipe`` of ``start``, whose hyperparameters it all has."""
    changed = {name: value for name, value in _fields(recipe).items() if value != getattr(start, name)}
    return {**changed, **recipe.hyper}


def to_toml(recipe: Recipe) -> str:
    """The whole recipe as TOML: every field, then its hyperparameters as ``technique.hyper = value``."""
    return "\n".join(toml_text.pairs(told({**_fields(recipe), **recipe.hyper}))) + "\n"


def from_toml(path: Path | str, start: Recipe | None = None, task: "Task | None" = None) -> Recipe:
    """The recipe in a TOML file; what it does not tell is as in ``start``.

    Raises UserError, naming the file, for one that cannot be read and for unknown keys and wrong values.
    """
    try:
        return recipe_of(changes_in(path), start, task)
    except UserError as error:
        raise _in_file(path, error) from None


def changes_in(path: Path | str) -> dict[str, Value]:
    """The changes told in a TOML file, unread. Raises UserError for what is no TOML or no plain value."""
    return flattened(load_toml(Path(path).expanduser()), str(path))


def flattened(table: Mapping[str, Any], place: str) -> dict[str, Value]:
    """Changes from a table of TOML. Raises UserError, naming ``place``, for what is no plain value."""
    found = toml_text.flat(table)
    for name, value in found.items():
        if not isinstance(value, str | int | float | bool):
            raise UserError(f"{place}: {name} is {value!r}, but must be a text, a number, true or false")
    return found


def load_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables. Raises UserError for one that is absent, far too large, or no TOML."""
    try:
        with open(path, "rb") as file:
            text = file.read(_LARGEST_FILE + 1)
        if len(text) > _LARGEST_FILE:
            raise UserError(f"{path} is larger than {_LARGEST_FILE:,} bytes and no such file of shoal")
        return tomllib.loads(text.decode())
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path} is no TOML: {' '.join(str(error).split())}") from None


def told(changes: Changes) -> dict[str, str | int | float | bool]:
    """The changes in values that a file can hold."""
    return {name: plain_of(value) for name, value in changes.items()}


def plain_of(value: Value) -> str | int | float | bool:
    """A value as a file can hold it: "all" for None."""
    return label(value) if value is None else value


def _fields(recipe: Recipe) -> dict[str, Value]:
    names = (one.name for one in dataclasses.fields(Recipe) if one.name != "hyper")
    return {name: getattr(recipe, name) for name in names}


def _in_file(path: Path | str, error: UserError) -> UserError:
    return error if str(error).startswith(str(path)) else UserError(f"{path}: {error}")


def _free(hyper: Mapping[str, float], one: Hyperparameter) -> dict[str, float]:
    """``hyper`` without one's value; of what is switched on it stays at its default."""
    left = {name: value for name, value in hyper.items() if name != one.key}
    return left | ({one.key: one.default} if one.use.kind in catalogue.SWITCHED else {})
