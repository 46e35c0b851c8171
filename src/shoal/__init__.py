"""Find out which neural-network training techniques help on your network and your data.

    import shoal
    result = shoal.compare((x, y, network), vary="optimizer", budget="30s")

``compare`` runs a fair comparison, ``Task`` and ``from_arrays`` make a task of your own data, ``Recipe``
says where the arms start from. ``load(folder).predict(rows)`` uses the network that a comparison saved,
``train`` trains and saves one. ``compare(elsewhere(name), ..., trainer=f)`` has runs trained by a function
of yours, or looked up (``RecordedTrainer``). ``optim`` has the catalogue's rules as torch.optim.Optimizer
classes for a training loop of your own. They are imported when first used, so that ``import shoal`` is
instant.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoal import optim
    from shoal.errors import UserError
    from shoal.experiments.compare import compare
    from shoal.experiments.result import Result
    from shoal.experiments.single import train
    from shoal.experiments.take_home import load
    from shoal.population.recipe import Recipe
    from shoal.population.recorded import RecordedTrainer
    from shoal.tasks.arrays import from_arrays
    from shoal.tasks.elsewhere import elsewhere
    from shoal.tasks.loaders import Task
    from shoal.tasks.tables import from_table

__all__ = [
    "Recipe",
    "RecordedTrainer",
    "Result",
    "Task",
    "UserError",
    "compare",
    "elsewhere",
    "from_arrays",
    "from_table",
    "load",
    "optim",
    "train",
]

_HOMES = {
    "compare": "shoal.experiments.compare",
    "Result": "shoal.experiments.result",
    "Recipe": "shoal.population.recipe",
    "Task": "shoal.tasks.loaders",
    "UserError": "shoal.errors",
    "RecordedTrainer": "shoal.population.recorded",
    "elsewhere": "shoal.tasks.elsewhere",
    "from_arrays": "shoal.tasks.arrays",
    "from_table": "shoal.tasks.tables",
    "load": "shoal.experiments.take_home",
    "train": "shoal.experiments.single",
}


def __getattr__(name: str) -> Any:
    if name == "optim":
        return importlib.import_module("shoal.optim")
    if name not in _HOMES:
        raise AttributeError(f"module 'shoal' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "optim"])
