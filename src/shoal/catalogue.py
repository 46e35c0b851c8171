"""The catalogue finds techniques by their files: the folders under ``techniques`` are the register.

``kinds``, ``names`` and ``describe`` read the files' text and never run them, so they answer without
importing torch. That is why a CARD and the defaults of a Hyper are written out as literals.
"""

import ast
import hashlib
import importlib
import importlib.util
import json
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from numbers import Real
from pathlib import Path
from types import ModuleType
from typing import Any

from shoal import techniques
from shoal.errors import UserError, unknown
from shoal.techniques.card import Card, Domain, Range

SWITCHED = ("augmentation", "regularizer")
"""The kinds of which a recipe may have several: one is on when a number of it stands in the recipe."""
STEPPED = {"optimizer": "sgd", "link": "adam"}
"""The kinds of which a step's time is measured, and the rule whose step is 1: optimizers take its place,
links stand in a chain with it."""
TIMES = Path(techniques.__path__[0]) / "costs.json"


def kinds() -> tuple[str, ...]:
    """The kinds of technique, singular: the folders of ``techniques`` whose files have cards."""
    return tuple(sorted(_folders()))


def names(kind: str) -> tuple[str, ...]:
    """The names of all techniques of a kind; UserError for a kind that does not exist."""
    if kind not in _folders():
        raise unknown("kind of technique", kind, kinds())
    return tuple(sorted(_files(_folders()[kind])))


def find(kind: str, name: str) -> ModuleType:
    """The technique as a module, by name or by the path of the user's own file ("./mine.py").

    An optimizer may also be a torch.optim.Optimizer class in the user's file, "./mine.py:Class".
    Raises UserError for a kind or name that does not exist, and for a file that is missing, raises when it
    is run, or lacks a part of the contract.
    """
    known = names(kind)
    path, _, chosen = name.rpartition(":")
    if kind == "optimizer" and path.endswith(".py"):
        return _load_class(Path(path).expanduser().resolve(), chosen, name)
    if name.endswith(".py") or "/" in name:
        return _load(kind, Path(name).expanduser().resolve(), name)
    if name not in known:
        raise unknown(kind, name, known)
    return importlib.import_module(f"{techniques.__name__}.{_folders()[kind].name}.{name}")


def switched_on(hyper: Iterable[str], *places: str) -> dict[str, ModuleType]:
    """Name → technique of the augmentations and regularizers at one of ``places``, in the order of names.

    One is on exactly when one of its hyperparameters stands in ``hyper`` ("flip.probability", "ema.decay").
    """
    given = {name.partition(".")[0]: None for name in hyper}
    found = {name: find(kind, name) for name in sorted(given) if (kind := switched_kind(name))}
    return {name: one for name, one in found.items() if one.PLACE in places}


def switched_kind(name: str) -> str | None:
    """The kind of an augmentation's or regularizer's name, None for another name."""
    return next((kind for kind in SWITCHED if name in names(kind)), None)


def make_hyper(module: ModuleType, values: Mapping[str, float]) -> Any:
    """The technique's Hyper with ``values`` in place of defaults.

    Raises UserError for a hyperparameter that does not exist, is no number or lies outside its domain.
    """
    technique = module.__name__.rpartition(".")[2]
    fields = module.Hyper._fields
    for name, value in values.items():
        if not fields:
            raise UserError(f"{technique} has no hyperparameters, so there is no {technique}.{name} to set")
        if name not in fields:
            raise unknown(f"hyperparameter of {technique}", name, fields)
        domain = module.CARD.domain[name]
        if isinstance(value, bool) or not isinstance(value, Real):
            raise UserError(f"{technique}.{name} is {value!r}, but must be a number in {domain}")
        if not domain.contains(value):
            raise UserError(f"{technique}.{name} is {value:g}, but must lie in {domain}")
    return module.Hyper(**{name: float(value) for name, value in values.items()})


def describe(kind: str | None = None) -> list[dict[str, Any]]:
    """All techniques (of one kind) as plain data, from their cards and without importing torch.

    Keys: kind, name, summary, paper, year (0 if unknown), parent ("" for a root), hyper (name → default, low,
    high, log, domain; low and high are None where no search range is given), scope, contains, needs, recipe,
    evaluations, state, title, symmetries, place (where one of a kind with several places stands, else ""),
    relative_time (measured time of a training step, see ``STEPPED``; None if it was not measured).
    """
    chosen = kinds() if kind is None else (kind,)
    return [_described(each, name) for each in chosen for name in names(each)]


def _described(kind: str, name: str) -> dict[str, Any]:
    file = _files(_folders()[kind])[name]
    card, defaults = _read(file)
    place = _assigned(file, "PLACE")
    return {
        "kind": kind,
        "name": name,
        "summary": card.summary,
        "paper": card.paper,
        "year": card.year,
        "parent": card.parent,
        "hyper": {
            field: _numbers(default, card.ranges.get(field), card.domain[field])
            for field, default in defaults.items()
        },
        "scope": card.scope,
        "contains": list(card.contains),
        "needs": list(card.needs),
        "recipe": dict(card.recipe),
        "evaluations": card.evaluations,
        "state": card.state,
        "title": card.title,
        "symmetries": list(card.symmetries),
        "place": "" if place is None else ast.literal_eval(place),
        "relative_time": _times().get(kind, {}).get(name),
    }


def _numbers(default: float, bounds: Range | None, domain: Domain) -> dict[str, Any]:
    return {
        "default": default,
        "low": bounds.low if bounds else None,
        "high": bounds.high if bounds else None,
        "log": bounds.log if bounds else False,
        "domain": str(domain),
    }


@cache
def _times() -> dict[str, dict[str, float]]:
    """Kind → name → relative time, as ``benchmarks/optimizer_cost.py`` measured it; empty before it did."""
    return json.loads(TIMES.read_text(encoding="utf-8")) if TIMES.is_file() else {}


@cache
def _folders() -> dict[str, Path]:
    """Kind → folder. A folder's name is the plural of its kind; folders without cards hold no kind."""
    root = Path(techniques.__path__[0])
    packages = [root / each.name for each in pkgutil.iter_modules(techniques.__path__) if each.ispkg]
    return {
        folder.name.removesuffix("s"): folder
        for folder in packages
        if any(_assigned(file, "CARD") for file in _files(folder).values())
    }


@cache
def _files(folder: Path) -> dict[str, Path]:
    return {each.name: folder / f"{each.name}.py" for each in pkgutil.iter_modules([str(folder)])}


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def _assigned(file: Path, name: str) -> ast.expr | None:
    """The expression that the file assigns to ``name`` at its top level, if it does."""
    for line in _parsed(file).body:
        if isinstance(line, ast.Assign):
            for target in line.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    return line.value
    return None


@cache
def _read(file: Path) -> tuple[Card, dict[str, float]]:
    """The card and the hyperparameters' defaults, from the text of one of shoal's own files."""
    expression = _assigned(file, "CARD")
    if expression is None:
        raise TypeError(f"{file} has no CARD written out at its top level")
    words = {"Card": Card, "Domain": Domain, "Range": Range, "__builtins__": {}}
    card = eval(compile(ast.Expression(expression), str(file), "eval"), words)
    defaults = {}
    for line in _parsed(file).body:
        if isinstance(line, ast.ClassDef) and line.name == "Hyper":
            for field in line.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.value:
                    defaults[field.target.id] = ast.literal_eval(field.value)
    return card, defaults


@cache
def _load(kind: str, file: Path, given: str) -> ModuleType:
    """The user's own file as a module, checked against the contract of its kind."""
    from shoal.techniques.contract import breach  # imports torch, which listing does without
    from shoal.techniques.first_steps import fault

    module = _run(kind, file, given)
    if problem := breach(module, kind) or fault(module, kind):
        del sys.modules[module.__name__]
        raise UserError(f"{given} is no {kind}: {problem}; docs/add-a-technique.md shows the form")
    return module


@cache
def _load_class(file: Path, chosen: str, given: str) -> ModuleType:
    """A torch.optim.Optimizer class of the user's own file as a technique."""
    from torch.optim import Optimizer

    from shoal.techniques.torch_class import TorchOptimizer

    found = {name: one for name, one in vars(_run("optimizer", file, given)).items() if isinstance(one, type)}
    if chosen not in found:
        raise unknown(f"class in {file.name}", chosen, found)
    if not issubclass(found[chosen], Optimizer):
        raise UserError(f"{given} is no optimizer: class {chosen} does not inherit torch.optim.Optimizer")
    return TorchOptimizer(found[chosen], given)


@cache
def _run(kind: str, file: Path, given: str) -> ModuleType:
    """The user's own file, run as a module."""
    if file.suffix != ".py" or not file.is_file():
        raise UserError(
            f"{given} is no Python file; give the name of a built-in {kind} ({', '.join(names(kind))}) "
            "or the path of your own file ending in .py"
        )
    name = f"shoal_own_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UserError(f"{given} cannot be loaded as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UserError(f"{given} raised {type(error).__name__}: {error}") from error
    return module
