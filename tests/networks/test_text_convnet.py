"""The text convnet against torch's one-dimensional convolutions, and its members alone and in company."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from population.members import alone, assert_same, begin, company, go_on, numbers, table
from shoal import catalogue
from shoal.networks import text_convnet
from shoal.networks.parts import Parts
from shoal.population.recipe import Job, Recipe

RELU = ("relu", catalogue.find("activation", "relu"))
PARTS = Parts((7,), 3, 9, width=4, depth=1, residual=False, activation=RELU)
IDS = torch.tensor([[3, 4, 5, 6, 7, 8, 2], [2, 2, 8, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0, 0]])


def test_forward_equals_plain_torch():
    torch.manual_seed(1)
    network = text_convnet.build(PARTS).double()
    state = network.state_dict()
    rows = state["embedding.weight"].clone()
    rows[0] = 0
    x = rows[IDS].transpose(1, 2)
    features = []
    for place, window in enumerate((3, 4, 5)):
        weight, bias = state[f"windows.{place}.0.weight"], state[f"windows.{place}.0.bias"]
        features.append(F.conv1d(x, weight.squeeze(2), bias, padding=window // 2).relu().max(2).values)
    expected = F.linear(torch.cat(features, 1), state["head.weight"], state["head.bias"])
    torch.testing.assert_close(network(IDS.double()), expected, rtol=1e-12, atol=1e-12)


def test_filling_neither_counts_nor_learns():
    network = text_convnet.build(PARTS).double()
    before = network(IDS.double())
    network.embedding.weight.data[0] = 17.0
    torch.testing.assert_close(network(IDS.double()), before, rtol=0, atol=0)
    network(IDS.double()).square().sum().backward()
    gradient = network.embedding.weight.grad
    assert gradient[0].count_nonzero() == 0 and gradient[2:].any(1).all()


@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("normalization", [None, "batch_norm", "weight_norm", "layer_norm"])
def test_rows_shorter_than_a_window_are_filled_up(length, normalization):
    found = normalization and (normalization, catalogue.find("normalization", normalization))
    parts = PARTS._replace(features=(length,), normalization=found)
    assert text_convnet.build(parts)(torch.full((2, length), 3.0)).isfinite().all()


def test_a_member_alone_is_the_member_in_company():
    recipe = Recipe("text_convnet", width=3, depth=1, batch_size=16, epochs=20, hyper={"dropout.rate": 0.3})
    tokens = table(features=(6,))
    x = (tokens.prepare(0).x.abs() * 4).floor().clamp(max=8)
    task = replace(tokens, vocabulary=9, prepare=lambda seed: tokens.prepare(seed)._replace(x=x))
    job = Job("subject", recipe, 3)
    together = go_on(begin(task, company(job, 3)), 6)
    assert_same(numbers(together.stack, "subject"), alone(task, job, 6))
