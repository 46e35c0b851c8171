"""JSON in one spelling, so that equal values have equal text and hash."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical_json(value: Any) -> str:
    """Sorted keys, no spaces, NaN and ±Infinity by name (Python's json reads them back).

    Tuples become lists. TypeError for what is not JSON: objects, tensors, keys that are not strings.
    """
    _check_keys(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """SHA-256 of the text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """Where two JSON values differ, a phrase each: "budget.seconds was 60, is 90"."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found = []
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{place}.{key}" if place else str(key)
            if key not in new:
                found.append(f"{inner} was {_short(old[key])}, is absent")
            elif key not in old:
                found.append(f"{inner} was absent, is {_short(new[key])}")
            else:
                found += differences(old[key], new[key], inner)
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            one
            for index, pair in enumerate(zip(old, new, strict=True))
            for one in differences(*pair, f"{place}[{index}]")
        ]
    if canonical_json(old) == canonical_json(new):
        return []
    return [f"{place or 'it'} was {_short(old)}, is {_short(new)}"]


def _short(value: Any) -> str:
    text = canonical_json(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check_keys(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a JSON key must be a string, not {key!r}")
            _check_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_keys(inner)
