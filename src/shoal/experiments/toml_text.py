"""Plain values as TOML text, which ``tomllib`` reads back; the standard library only reads."""

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def pairs(values: Mapping[str, Any]) -> list[str]:
    """A line ``key = value`` for each; a dot in a key separates tables, as in ``adam.lr = 0.001``."""
    return [f"{key(*name.split('.'))} = {literal(value)}" for name, value in values.items()]


def key(*parts: str) -> str:
    """A dotted key, each part bare where TOML allows it."""
    return ".".join(part if _BARE.fullmatch(part) else _quoted(part) for part in parts)


def literal(value: Any) -> str:
    """A text, truth value, finite number, or a list of these. TypeError for anything else."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(literal(one) for one in value)}]"
    if isinstance(value, str):
        return _quoted(value)
    if not isinstance(value, bool | int | float):
        raise TypeError(f"{value!r} has no TOML spelling here")
    return json.dumps(value, allow_nan=False)


def _quoted(text: str) -> str:
    """JSON's escapes are TOML's, except that TOML wants the delete character escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def flat(table: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """Nested tables as one with dotted names: {"adam": {"lr": 1}} → {"adam.lr": 1}."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        full = f"{place}.{name}" if place else name
        found |= flat(value, full) if isinstance(value, Mapping) else {full: value}
    return found
