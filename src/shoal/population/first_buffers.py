"""Buffers that a network finds in a member's training rows before it starts (see ``networks.register``)."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from shoal.networks import register
from shoal.population.batches import Data
from shoal.population.recipe import Recipe
from shoal.tasks.preparation import Preparation
from shoal.tasks.task import Task
from shoal.tasks.text_encoder import TextEncoder

_REMEMBERED = 16  # of different training rows: all trials of a seed share them
_found: "OrderedDict[tuple, tuple[Any, Mapping[str, Tensor]]]" = OrderedDict()


def first_buffers(task: Task, recipe: Recipe, seed: int) -> Mapping[str, Tensor]:
    """By name, not to be changed; none for a network that looks at no rows. The last few are remembered."""
    find = None if recipe.network == "own" else getattr(register.find(recipe.network), "first_buffers", None)
    if find is None:
        return {}
    key = (recipe.network, id(task.prepare), seed, recipe.train_size, recipe.label_noise)
    if key not in _found:
        data = Data(task, [seed], torch.float32, "cpu", recipe)
        x, y, rows = data.read(data.rows(seed, "train"))
        made = find(
            x[rows], y[rows], vocabulary=task.vocabulary, outputs=task.outputs, names=_names(task, seed)
        )
        _found[key] = (task.prepare, made)  # kept, so that no other function gets the id of one that is gone
    _found.move_to_end(key)
    while len(_found) > _REMEMBERED:
        _found.popitem(last=False)
    return _found[key][1]


def _names(task: Task, seed: int) -> tuple[str, ...]:
    encoder = task.prepare.fitted(seed) if isinstance(task.prepare, Preparation) else None
    return encoder.names if isinstance(encoder, TextEncoder) else ()
