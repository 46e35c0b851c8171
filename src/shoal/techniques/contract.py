"""The contract of a technique's file, read from the protocols in ``kinds.py``.

A protocol's annotated attributes (CARD, Hyper, State) and its methods are what a file of that kind must
hold. A kind with several places (regularizers) has one protocol for each, found by the file's PLACE.
"""

import inspect
from datetime import date
from types import ModuleType
from typing import Any

from shoal.techniques import kinds
from shoal.techniques.card import SYMMETRIES, Card

INPUTS = ("image", "tokens", "numbers")
"""What an augmentation may be for."""


def protocols(kind: str) -> dict[str, type]:
    """The protocols of a kind by place; the place is "" for a kind that has only one."""
    ending = kind.capitalize()
    return {
        name.removesuffix(ending).lower(): value
        for name, value in vars(kinds).items()
        if isinstance(value, type) and name.endswith(ending) and getattr(value, "_is_protocol", False)
    }


def breach(module: ModuleType, kind: str) -> str | None:
    """The first part of the contract that ``module`` does not fulfil, in words, or None if it fulfils all."""
    if not isinstance(getattr(module, "CARD", None), Card):
        return "CARD, a shoal.techniques.card.Card, is missing"
    places = protocols(kind)
    place = getattr(module, "PLACE", "") if len(places) > 1 else ""
    if place not in places:
        return f"PLACE must be one of {', '.join(map(repr, sorted(places)))}"
    protocol = places[place]
    for name in ("Hyper", "State"):
        if name in protocol.__annotations__ and (problem := _no_named_tuple(module, name)):
            return problem
    if "SHIFT" in protocol.__annotations__ and not isinstance(getattr(module, "SHIFT", None), bool):
        return "SHIFT, True or False, is missing"
    if "INPUTS" in protocol.__annotations__ and getattr(module, "INPUTS", None) not in INPUTS:
        return f"INPUTS must be one of {', '.join(map(repr, INPUTS))}"
    for name, method in vars(protocol).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            wanted = list(inspect.signature(method).parameters)[1:]
            if problem := _no_function(module, name, wanted):
                return problem
    may_read = kind == "optimizer" and hasattr(module, "read")
    if may_read and (problem := _no_function(module, "read", ["state", "parameter", "hyper"])):
        return problem
    if strange := set(module.CARD.symmetries) - set(SYMMETRIES):
        return f"CARD.symmetries has {min(strange)!r}, which is none of {', '.join(SYMMETRIES)}"
    return _wrong_descent(module.CARD) or _wrong_numbers(module.CARD, module.Hyper)


def _no_named_tuple(module: ModuleType, name: str) -> str | None:
    value = getattr(module, name, None)
    fields = getattr(value, "_fields", None)
    if not isinstance(value, type) or fields is None:
        return f"{name}, a typing.NamedTuple, is missing"
    bare = [field for field in fields if field not in getattr(value, "_field_defaults", {})]
    if name == "Hyper" and bare:
        return f"Hyper.{bare[0]} has no default"
    return None


def _no_function(module: ModuleType, name: str, wanted: list[str]) -> str | None:
    function = getattr(module, name, None)
    form = f"{name}({', '.join(wanted)})"
    if not callable(function):
        return f"the function {form} is missing"
    if list(inspect.signature(function).parameters) != wanted:
        return f"{name}{inspect.signature(function)} must have the form {form}"
    return None


def _wrong_descent(card: Card) -> str | None:
    """What is wrong with the year and the parent; whether the parent exists only the catalogue knows."""
    if isinstance(card.year, bool) or not isinstance(card.year, int):
        return f"CARD.year, {card.year!r}, is no whole number"
    if card.year != 0 and not 1600 <= card.year <= date.today().year:
        return f"CARD.year, {card.year}, is neither between 1600 and today nor 0 for unknown"
    if not isinstance(card.parent, str):
        return f'CARD.parent, {card.parent!r}, is no name of a technique, nor "" for none'
    return None


def _wrong_numbers(card: Card, hyper: Any) -> str | None:
    """What is wrong between the card's ranges and domains and the defaults of ``hyper``."""
    for name in (*card.ranges, *card.domain, *card.idle):
        if name not in hyper._fields:
            return f"CARD speaks of {name!r}, which is no field of Hyper"
    for name, default in hyper._field_defaults.items():
        domain = card.domain.get(name)
        if domain is None:
            return f"CARD.domain does not say where {name!r} is legal"
        if not isinstance(default, int | float):
            return f"the default of {name}, {default!r}, is not a number"
        if not domain.contains(default):
            return f"the default of {name}, {default:g}, is outside its domain {domain}"
        if name in card.idle and not domain.contains(card.idle[name]):
            return f"CARD.idle has {name} {card.idle[name]:g}, outside its domain {domain}"
        bounds = card.ranges.get(name)
        if bounds is None:
            continue
        span = f"the range of {name}, {bounds.low:g} to {bounds.high:g},"
        if not (domain.contains(bounds.low) and domain.contains(bounds.high)):
            return f"{span} is not inside its domain {domain}"
        if bounds.low >= bounds.high:
            return f"{span} is empty"
        if bounds.log and bounds.low <= 0:
            return f"{span} is logarithmic and must start above 0"
    return None
