"""From what stands on the command line to a task."""

import importlib
import pkgutil

from shoal.errors import unknown
from shoal.tasks import built_in
from shoal.tasks.task import Task


def names() -> dict[str, str]:
    """The built-in tasks: name → one-line summary."""
    return {name: _module(name).SUMMARY for name in _built_in_names()}


def load(task: str, target: str | None = None) -> Task:
    if task in _built_in_names():
        return _module(task).task()
    raise unknown("task", task, _built_in_names())


def _built_in_names() -> list[str]:
    return sorted(found.name.replace("_", "-") for found in pkgutil.iter_modules(built_in.__path__))


def _module(name: str):
    return importlib.import_module(f"{built_in.__name__}.{name.replace('-', '_')}")
