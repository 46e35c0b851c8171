"""Which networks shoal builds: the files of this folder that say what they are for.

Such a file has, written out as literals, so that they are read without importing torch:

SUMMARY: a line for lists. INPUTS: what it takes, one of ``Inputs`` ("numbers": whatever is no tokens).
FIELDS: the fields of a recipe that mean something in it. BRANCHES: whether it has residual branches:
"never", "residual" (when the recipe says so) or "always". START: fields of a recipe it starts from, where
they are not the recipe's own defaults.
And ``build(parts)``, which makes the module of ``shoal.networks.parts.Parts``. One that starts from what its
training rows say has ``first_buffers(x, y, *, vocabulary, outputs, names)`` → buffers by name, too: of the
rows a member trains on, and the names of the tokens from number 2 on, if they have any.
"""

import ast
import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

from shoal import networks
from shoal.errors import unknown

Inputs = Literal["numbers", "image", "tokens", "text"]
"""image: [channels, height, width]. tokens: a row of token numbers with one target. text: the same with the
next token as the target at every place."""

USUAL: dict[Inputs, str] = {
    "numbers": "mlp",
    "image": "convnet",
    "tokens": "embedding_bag",
    "text": "char_transformer",
}
"""The network that a comparison starts from, by what the data are."""


class Description(NamedTuple):
    """What a network's file says of it."""

    summary: str
    inputs: Inputs
    fields: tuple[str, ...]
    branches: Literal["never", "residual", "always"]
    start: dict[str, Any]


@cache
def names() -> tuple[str, ...]:
    """The names of all networks, sorted."""
    return tuple(sorted(name for name, file in _files().items() if _literals(file)))


def describe(name: str) -> Description:
    """What the file of a network says. Raises UserError for one that does not exist."""
    if name not in names():
        raise unknown("network", name, (*names(), "own"))
    found = _literals(_files()[name])
    return Description(
        found["SUMMARY"], found["INPUTS"], found["FIELDS"], found["BRANCHES"], found.get("START", {})
    )


def find(name: str) -> ModuleType:
    """The file of a network as a module. Raises UserError for one that does not exist."""
    describe(name)
    return importlib.import_module(f"{networks.__name__}.{name}")


def takes(name: str, inputs: Inputs) -> bool:
    """Whether a network takes such data."""
    return covers(describe(name).inputs, inputs)


def covers(own: Inputs, inputs: Inputs) -> bool:
    """Whether what is made for ``own`` inputs takes ``inputs``; what is for numbers takes images, too."""
    return own == inputs or (own == "numbers" and inputs == "image")


@cache
def _files() -> dict[str, Path]:
    folder = Path(networks.__path__[0])
    return {each.name: folder / f"{each.name}.py" for each in pkgutil.iter_modules(networks.__path__)}


@cache
def _literals(file: Path) -> dict[str, Any]:
    """The literals of a network's file by name; none for a file that holds no network."""
    wanted = ("SUMMARY", "INPUTS", "FIELDS", "BRANCHES", "START")
    found = {
        target.id: ast.literal_eval(line.value)
        for line in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name) and target.id in wanted
    }
    return found if "INPUTS" in found else {}
