"""Weights that depend on data: LSUV beside the paper's algorithm, on the batch that training begins with."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from population.members import Own, Recurrent, alone, assert_same, begin, company, go_on, table
from shoal.artifact.network import build
from shoal.networks.forward import Forward, forward
from shoal.population.calibration import first_batch
from shoal.population.recipe import Job, Recipe
from shoal.population.template import initial, template

LSUV = Recipe(width=8, depth=3, batch_size=16, initializer="lsuv")


def as_module(task, recipe: Recipe, seed: int) -> nn.Module:
    """The recipe's network with its first weights, in float64 and training mode."""
    made, (flat, _) = template(task, recipe), initial(task, recipe, seed)
    module = build(recipe, task.features, task.outputs, task.network).double().train()
    for one, piece in zip(module.parameters(), made.views(flat[None].double()), strict=True):
        one.data.copy_(piece[0])
    return module


def variances(module: nn.Module, x: torch.Tensor) -> list[float]:
    """The variance of what each linear map and convolution puts out, in the order of their calls."""
    found: list[float] = []
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.register_forward_hook(
                lambda _, __, output: found.append(output.detach().var(correction=0).item())
            )
    with forward(Forward(True, None, None, {})):
        module(x)
    return found


def test_follows_the_papers_algorithm():
    """Algorithm 1 with plain torch layers, from the same rotations, with its loop."""
    task = table()
    ours = as_module(task, LSUV, 3)
    x = first_batch(task, LSUV, 3).double()
    rotations = initial(task, replace(LSUV, initializer="orthogonal"), 3)[0].double()
    layers = [nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3)]
    pieces = template(task, LSUV).views(rotations[None])
    for number, layer in enumerate(layers):
        layer.double().weight.data.copy_(pieces[2 * number][0])
        layer.bias.data.zero_()
        tries = 0
        with torch.no_grad():
            while abs(float(layer(x).var(correction=0)) - 1) >= 1e-6 and tries < 10:
                layer.weight /= layer(x).var(correction=0).sqrt()
                tries += 1
            x = torch.relu(layer(x))
    weights = [one for one in ours.parameters() if one.ndim > 1]
    for own, layer in zip(weights, layers, strict=True):
        torch.testing.assert_close(own.data, layer.weight.data, rtol=2e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("recipe", "features"),
    [
        (LSUV, (6,)),
        (replace(LSUV, residual=True, activation="swiglu"), (6,)),
        (replace(LSUV, normalization="batch_norm", activation="tanh"), (6,)),
        (replace(LSUV, normalization="weight_norm"), (6,)),
        (replace(LSUV, network="convnet", width=3, depth=2), (6, 6)),
        (replace(LSUV, hyper={"dropout.rate": 0.5}), (6,)),
    ],
    ids=["plain", "gates and branches", "normalized", "lengths", "images", "dropout"],
)
def test_every_layer_puts_out_variance_one_on_the_first_batch(recipe, features):
    task = table(features=features)
    found = variances(as_module(task, recipe, 5), first_batch(task, recipe, 5).double())
    assert len(found) == recipe.depth + 1
    assert found == pytest.approx([1.0] * len(found), abs=1e-5)


def test_an_own_network_is_calibrated_where_it_has_linear_maps():
    task, recipe = table(network=Own), replace(LSUV, network="own")
    flat, plain = (initial(task, replace(recipe, initializer=one), 3)[0] for one in ("lsuv", "orthogonal"))
    assert not torch.equal(flat, plain)
    recurrent = table(features=(5, 4), network=Recurrent)
    found, plain = (
        initial(recurrent, replace(recipe, initializer=one), 3)[0] for one in ("lsuv", "orthogonal")
    )
    assert int((found != plain).sum()) == 15  # the last layer's, after the LSTM


def test_the_batch_is_the_one_of_the_first_step():
    task, recipe = table(), replace(LSUV, batch_size=32, train_size=20)
    training = begin(task, [Job("one", recipe, 3)])
    rows = training.batches.table([3], [0], 1)
    x = training.data.x[rows.rows[0][0][rows.weight[0][0] > 0]]
    assert torch.equal(first_batch(task, recipe, 3).double(), x) and len(x) == 20


def test_nothing_of_the_template_is_changed():
    task = table()
    once, _ = initial(task, replace(LSUV, normalization="batch_norm"), 3)
    again, buffers = initial(task, replace(LSUV, normalization="batch_norm"), 3)
    assert torch.equal(once, again)
    assert all(bool((value == ("var" in name)).all()) for name, value in buffers.items())


def test_narrow_members_in_company_are_themselves():
    """Width 8 among widths of 12: calibrated first, padded then."""
    task, job = table(), Job("subject", replace(LSUV, epochs=1e6), 3)
    others = [one._replace(recipe=replace(one.recipe, width=12)) for one in company(job)[:3]]
    stack = go_on(begin(task, [*others, job]), 5).stack
    (row,) = (row for row, one in enumerate(stack.jobs) if one.name == "subject")
    assert_same({"flat": stack.flat[row][stack.masks[row] > 0]}, {"flat": alone(task, job, 5)["flat"]})


class Twice(nn.Module):
    """One layer that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.again = nn.Linear(6, 6)
        self.last = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.tanh(self.again(torch.tanh(self.again(x)))))


def test_a_layer_that_is_used_twice_is_scaled_for_its_first_use():
    task, recipe = table(network=Twice), replace(LSUV, network="own")
    first, second, last = variances(as_module(task, recipe, 3), first_batch(task, recipe, 3).double())
    assert first == pytest.approx(1, abs=1e-5) == last and abs(second - 1) > 0.01
