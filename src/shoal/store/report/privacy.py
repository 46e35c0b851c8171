"""What of the user's data may stand in a report: its name, the names of columns, and counts.

Paths shrink to their last part. Notes on the data keep counts and column names; whatever quotes a value (a
cell, a class, a text, a file's name) is cut out of them, and a note whose form is unknown loses every
quotation and every list. Class names and confusion tables are not shown at all.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_LIKE = re.compile(rf",? like {_QUOTED}(?: \([^)]*\))?")
_COLUMN = re.compile(rf"\bcolumns? {_QUOTED}")
_ANY_QUOTED = re.compile(rf"(?<!\w){_QUOTED}")
_LISTED = re.compile(r"(?<=classes are imbalanced )\([^)]*\)|(?<=never judged): .*?(?= \(merge)")
_REST = r"""[^\s'",;()]*"""
_PATH = rf"""(?<=')/[^']+(?=')|(?<![^\s'"(=,:;\[])(?:[A-Za-z]:[\\/]|~?/|\.{{1,2}}/){_REST}"""
_REASON = re.compile(rf"(?:regression|classification), because {_QUOTED} is ")
CUT = "…"


def basename(path: str) -> str:
    """The last part of a path, of whatever system: data.csv, mine.py:network."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


class Shortener:
    """Texts without folders. known: paths that a text may hold, and folders: what more paths may begin with;
    both may hold spaces, which ends a path that is not known."""

    def __init__(self, known: Iterable[str], folders: Iterable[str] = ()) -> None:
        whole = sorted({path for path in known if "/" in path or "\\" in path}, key=len, reverse=True)
        begun = sorted({folder for folder in folders if len(folder) > 1}, key=len, reverse=True)
        known_form = "|".join([*map(re.escape, whole), *(rf"{re.escape(one)}{_REST}" for one in begun)])
        self._path = re.compile(f"{known_form}|{_PATH}" if known_form else _PATH)

    def text(self, text: str) -> str:
        """``text`` with a path's last part in the place of each path."""
        return self._path.sub(lambda found: basename(found[0]) or found[0], text)

    def tree(self, value: Any) -> Any:
        """All texts of JSON data, keys included, through ``text``."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.tree(one) for key, one in value.items()}
        return [self.tree(one) for one in value] if isinstance(value, list) else value


def strings(value: Any) -> list[str]:
    """All texts in JSON or TOML data, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for key, one in value.items() for text in (str(key), *strings(one))]
    return [text for one in value for text in strings(one)] if isinstance(value, list) else []


def data_note(note: str) -> str:
    """A note on the user's data without values: quotations other than column names and lists of classes go.

    "no finite numbers and therefore missing: 3 cells of column 'age', like '#'" keeps its first half.
    """
    note = _LISTED.sub("", _LIKE.sub("", note))
    kept = [found.span() for form in (_COLUMN, _REASON) for found in form.finditer(note)]

    def cut(found: re.Match[str]) -> str:
        inside = any(low <= found.start() and found.end() <= high for low, high in kept)
        return found[0] if inside else CUT

    return re.sub(r"\s+", " ", _ANY_QUOTED.sub(cut, note)).replace(" ,", ",").strip()


def shown_plan(text: str) -> str:
    """plan.toml with file names in the place of paths."""
    paths = [one for one in strings(tomllib.loads(text)) if "/" in one or "\\" in one]
    for path in sorted(paths, key=len, reverse=True):
        for spelled in (path, path.replace("\\", "\\\\")):
            text = text.replace(spelled, basename(path))
    return text
