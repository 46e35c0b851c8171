"""Artifacts made by hand: contents that fit a network with random numbers."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from shoal.artifact.contents import Contents
from shoal.artifact.load import Artifact, load
from shoal.artifact.network import build
from shoal.artifact.save import save
from shoal.population.recipe import Recipe
from shoal.tasks.arrays import from_arrays
from shoal.tasks.load import load as load_task
from shoal.tasks.preprocessing import preprocessing
from shoal.tasks.task import Task

FEATURES = (6,)


def own_network() -> nn.Module:
    """A user's own network."""
    return nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 3))


def array_task(features: tuple[int, ...] = FEATURES) -> Task:
    """Random rows of three classes."""
    x = torch.randn(60, *features, generator=torch.Generator().manual_seed(1))
    return from_arrays(x, torch.arange(60) % 3)


def table_task(folder: Path, target: str) -> tuple[Task, pl.DataFrame]:
    """A task to predict ``target`` of a small table, and its rows."""
    source = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "size": source.normal(5, 2, 90),
            "color": source.choice(["red", "blue"], 90),
            "kind": source.choice(["oak", "ash", "yew"], 90),
            "price": source.normal(1000, 300, 90),
        }
    )
    file = folder / f"{target}.csv"
    frame.drop("price" if target == "kind" else "kind").write_csv(file)
    return load_task(str(file), target), frame


def contents(
    changes: dict,
    *,
    features: tuple[int, ...] = FEATURES,
    task: Task | None = None,
    factory=None,
    source: str = "",
) -> tuple[Contents, nn.Module]:
    """Contents and a network that fits them, with numbers that are not those of a fresh one."""
    task = task or array_task(features)
    recipe = Recipe(**{"width": 12, **changes})
    described = Contents(
        kind=task.kind,
        metric=task.metric,
        features=task.features,
        outputs=task.outputs,
        recipe=asdict(recipe),
        network_source=source,
        preprocessing=preprocessing(task, 0),
        provenance={"task": task.name},
        measured={"score": 0.5},
        vocabulary=task.vocabulary,
    )
    module = build(recipe, task.features, task.outputs, factory, vocabulary=task.vocabulary)
    source_of_numbers = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for one in (*module.parameters(), *module.buffers()):
            one.copy_(torch.rand(one.shape, generator=source_of_numbers) + 0.1)
    return described, module


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name."""
    return {name: one.detach() for name, one in (*module.named_parameters(), *module.named_buffers())}


def saved(folder: Path) -> Artifact:
    """An artifact in ``folder``."""
    described, module = contents({})
    save(folder, described, weights_of(module))
    return load(folder)
