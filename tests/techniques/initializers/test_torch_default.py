"""torch's default beside torch.nn.init and the layers themselves."""

import math

import pytest
import torch
from torch import nn

from shoal.techniques.initializers import torch_default as rule

HYPER = rule.Hyper()


@pytest.mark.parametrize("shape", [(5, 7), (64, 3), (1, 1), (6, 4, 3, 2)], ids=str)
def test_equals_kaiming_uniform_bit_by_bit(shape):
    ours = rule.draw(shape, torch.Generator().manual_seed(7), HYPER)
    generator = torch.Generator().manual_seed(7)
    assert torch.equal(
        ours, nn.init.kaiming_uniform_(torch.empty(shape), a=math.sqrt(5), generator=generator)
    )


def test_every_fan_gives_the_bound_that_torch_rounds_to():
    for fan_in in range(1, 3000):
        theirs = math.sqrt(3.0) * nn.init.calculate_gain("leaky_relu", math.sqrt(5)) / math.sqrt(fan_in)
        ours = rule.draw((1, fan_in), torch.Generator().manual_seed(0), HYPER)
        witness = torch.empty(1, fan_in).uniform_(-theirs, theirs, generator=torch.Generator().manual_seed(0))
        assert torch.equal(ours, witness)


@pytest.mark.parametrize("make", [lambda: nn.Linear(7, 5), lambda: nn.Conv2d(4, 6, (3, 2))])
def test_equals_a_fresh_layer(make):
    with torch.random.fork_rng():
        torch.manual_seed(11)
        layer = make()
    generator = torch.Generator().manual_seed(11)
    shape = tuple(layer.weight.shape)
    assert torch.equal(rule.draw(shape, generator, HYPER), layer.weight)
    bias = rule.draw_bias(tuple(layer.bias.shape), math.prod(shape[1:]), generator, HYPER)
    assert torch.equal(bias, layer.bias)
