"""The plain fields of a recipe, read from its dataclass: how a value is written, read and checked."""

import dataclasses
import math
import types
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from shoal.errors import UserError, unknown
from shoal.experiments import hyperparameters
from shoal.networks import register
from shoal.population.recipe import Recipe
from shoal.techniques.card import Domain

if TYPE_CHECKING:  # tasks import torch, which listing the axes does without
    from shoal.tasks.task import Task

Value = str | int | float | bool | None

_DOMAINS = {"epochs": Domain(0, open_low=True), "label_noise": Domain(0, 1, open_high=True)}
"""Where the numbers that are not whole are legal; whole ones are at least 1."""
_OFFERED: Mapping[str, tuple[Value, ...]] = {
    "batch_size": (16, 32, 64, 128, 256),
    "width": (16, 32, 64, 128, 256),
    "depth": (1, 2, 3, 4),
    "epochs": (3.0, 10.0, 30.0, 100.0),
    "label_noise": (0.0, 0.1, 0.2, 0.4),
    "device": ("cpu", "cuda"),
}
"""What is compared where the user names no values; the other fields offer all they can be."""
_BUILT = ("width", "depth", "residual")
"""Fields of a network's own, that only those have which name them."""


class Field(NamedTuple):
    """type: of its numbers or text. words: what stands for a value that is no number, "all" for None."""

    type: type
    words: Mapping[str, Value]


@cache
def plain() -> Mapping[str, Field]:
    """The fields of a recipe that are no kinds of technique, by name."""
    hints = get_type_hints(Recipe)
    names = [one.name for one in dataclasses.fields(Recipe)]
    found = {name: _field(hints[name]) for name in names if name not in (*hyperparameters.kinds(), "hyper")}
    return {**found, "network": Field(str, {name: name for name in (*register.names(), "own")})}


def _field(hint: Any) -> Field:
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    words: dict[str, Value] = {}
    kind: type = str
    for part in parts:
        if part is type(None):
            words["all"] = None
        elif get_origin(part) is Literal:
            words |= {str(word): word for word in get_args(part)}
        else:
            kind = part
    return Field(kind, words)


def read(name: str, value: Value, task: "Task | None" = None) -> Value:
    """The value of field ``name`` that is meant, checked; also against ``task``, where one is given.

    Raises UserError for what is of another type, outside the domain, or more than the task has.
    """
    kind, words = plain()[name]
    if value in words.values() and not isinstance(value, bool):
        found: Value = value
    elif str(value) in words:
        found = words[str(value)]
    elif kind is bool:
        found = _truth(name, value)
    elif kind is str:
        found = _text(name, value, words)
    else:
        found = _number(name, value, kind, words)
    if task is not None:
        _check_fits(name, value, found, task)
    return found


def offered(name: str, recipe: Recipe, task: "Task") -> tuple[Value, ...]:
    """The values of a field that make sense for this recipe and task; none where it means nothing there."""
    kind, words = plain()[name]
    if not has(recipe, name):
        return ()
    if name == "network":
        return tuple(word for word in words if _network_fits(word, task))
    if name == "label_noise" and task.kind != "classification":
        return ()
    if name == "train_size":
        shares = sorted({max(1, task.train_rows // part) for part in (8, 4, 2)})
        return (*(share for share in shares if share < task.train_rows), None)
    if name == "device":
        import torch

        return tuple(one for one in _OFFERED[name] if one == "cpu" or torch.cuda.is_available())
    if name == "batch_size":
        return tuple(
            one for one in _OFFERED[name] if isinstance(one, int) and one <= max(32, task.train_rows)
        )
    return (False, True) if kind is bool else _OFFERED[name]


def has(recipe: Recipe, name: str) -> bool:
    """Whether the field means anything in the recipe's network."""
    if name not in _BUILT:
        return True
    return recipe.network != "own" and name in register.describe(recipe.network).fields


def spoken(name: str) -> tuple[Value, ...]:
    """The values of a field as a list of axes shows them, without a task."""
    kind, words = plain()[name]
    if name in _OFFERED:
        return (*_OFFERED[name], *words)
    return {bool: (False, True), int: ("any number", *words)}.get(kind, tuple(words))


def _truth(name: str, value: Value) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise UserError(f"{name} {value!r} is neither true nor false")
    return str(value).lower() == "true"


def _text(name: str, value: Value, words: Mapping[str, Value]) -> str:
    if words:
        raise unknown(name, str(value), words)
    if name == "device":
        check_device(str(value))
    return str(value)


def _number(name: str, value: Value, kind: type, words: Mapping[str, Value]) -> Value:
    also = "".join(f" or {word!r}" for word in words)
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except ValueError:
        number = math.nan
    if kind is int:
        if not math.isfinite(number) or number != int(number) or number < 1:
            raise UserError(f"{name} {value} is no whole number of at least 1{also}")
        return int(number)
    if not math.isfinite(number):
        raise UserError(f"{name} {value!r} is not a number{also}")
    domain = _DOMAINS.get(name, Domain())
    if not domain.contains(number):
        raise UserError(f"{name} {value} lies outside its domain {domain}")
    return number


def _check_fits(name: str, told: Value, value: Value, task: "Task") -> None:
    if name in ("batch_size", "train_size") and isinstance(value, int) and value > task.train_rows:
        raise UserError(
            f"{name} {told} is more than the {task.train_rows} training rows; write 'all' for all"
        )
    if name == "label_noise" and value and task.kind != "classification":
        raise UserError(f"label_noise {value} replaces classes, but {task.name} predicts numbers")
    if name == "network" and not _network_fits(str(value), task):
        fit = ", ".join(word for word in plain()[name].words if _network_fits(word, task))
        raise UserError(f"network {value} does not fit {task.name}; these do: {fit}")


def _network_fits(network: str, task: "Task") -> bool:
    if network == "own":
        return task.network is not None
    return register.takes(network, task.inputs)


def check_device(device: str) -> None:
    """Raises UserError for a device that does not exist, that shoal cannot use, or that is not here."""
    import torch

    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise UserError(f"there is no device {device!r}; there are: cpu, cuda") from None
    if kind not in ("cpu", "cuda"):
        raise UserError(f"device {device!r} is not supported; there are: cpu, cuda")
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(f"device {device!r} asks for CUDA, but this machine has none; use cpu")
