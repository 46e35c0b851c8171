"""PReLU beside torch.nn.PReLU: values, slopes of the input and of what is learned."""

import pytest
import torch
from torch import nn

from shoal.techniques.activations import prelu

POINTS = [-30.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 4.2]


@pytest.mark.parametrize("slope", [0.25, -0.4, 1.0, 3.0])
def test_equals_torch_and_so_do_its_gradients(slope, agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    witness = nn.PReLU().double()
    nn.init.constant_(witness.weight, slope)
    parameter = torch.tensor([slope], dtype=torch.float64, requires_grad=True)
    ours, theirs = prelu.apply(x, parameter, prelu.Hyper()), witness(x)
    agrees_at(prelu, "torch.nn.PReLU", ours, theirs, rtol=1e-15, atol=0)
    found = torch.autograd.grad(ours.sin().sum(), [x, parameter])
    expected = torch.autograd.grad(theirs.sin().sum(), [x, witness.weight])
    for one, other in zip(found, expected, strict=True):
        agrees_at(prelu, "torch.nn.PReLU", one, other, rtol=1e-13, atol=1e-15)


def test_starts_where_it_is_told_and_by_default_where_torch_does():
    assert torch.equal(prelu.init(prelu.Hyper()), nn.PReLU().weight.detach())
    assert torch.equal(prelu.init(prelu.Hyper(0.5)), torch.tensor([0.5]))
