"""First weights that depend on data: layer after layer, on a member's own first batch of training rows."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from shoal.networks.forward import Forward, forward
from shoal.networks.normalized_weights import Lengths
from shoal.population.batches import Batches, Data, batch_size, train_rows
from shoal.population.recipe import Recipe
from shoal.tasks.task import Task

if TYPE_CHECKING:
    from shoal.population.template import Template

_LAYERS = (nn.Linear, nn.modules.conv._ConvNd)


def first_batch(task: Task, recipe: Recipe, seed: int) -> Tensor:
    """The inputs [rows, *features] that a member's first step sees."""
    data = Data(task, [seed], torch.float32, "cpu", recipe)
    table = Batches(data, batch_size(recipe, train_rows(task, recipe))).table([seed], [0], 1)
    x, _, rows = data.read(table.rows[0][0][table.weight[0][0] > 0])
    return x[rows]


def calibrated(
    made: "Template", recipe: Recipe, drawn: Mapping[str, Tensor], x: Tensor, technique: Any, hyper: Any
) -> dict[str, Tensor]:
    """``drawn`` (name → first numbers) with the weights of linear maps and convolutions as the initializer
    wants them for x [rows, *features]; of a normalized weight it is the length that changes.

    One forward pass in float64, as in training but without noise: each layer is calibrated when its input
    comes, which is that of calibrated layers, and only the first time that it is called.
    """
    named = {name: drawn[name].reshape(shape).double() for name, shape in made.shapes.items()}
    buffers = {name: _wide(value.clone()) for name, value in made.buffers.items()}
    values = {name: torch.tensor(value, dtype=torch.float64) for name, value in recipe.hyper.items()}
    done: set[nn.Module] = set()

    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if layer in done:
            return output
        done.add(layer)
        weight: Any = layer.length if isinstance(layer, Lengths) else layer.weight
        weight.copy_(technique.calibrate(weight, output, hyper))
        again: Tensor = layer.forward(*inputs)
        return again

    made.module.train()
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(forward(Forward(True, None, None, values)))
        for layer in made.module.modules():
            if isinstance(layer, _LAYERS):
                stack.callback(layer.register_forward_hook(hook).remove)
        functional_call(made.module, {**named, **buffers}, (_wide(x),))
    return {name: value.float() for name, value in named.items()}


def _wide(value: Tensor) -> Tensor:
    return value.double() if value.is_floating_point() else value
