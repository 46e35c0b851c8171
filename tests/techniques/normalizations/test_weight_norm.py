"""Weight normalization beside torch.nn.utils.parametrizations.weight_norm."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.parametrizations import weight_norm as torchs

from shoal.networks.layers import Activation
from shoal.networks.normalized_weights import convolution, linear
from shoal.techniques.activations import tanh
from shoal.techniques.normalizations import weight_norm

PAIR = ("weight_norm", weight_norm)
LAYERS = {
    "linear": (lambda: linear(PAIR, 5, 4, True), lambda: torchs(nn.Linear(5, 4)), (7, 5)),
    "convolution": (
        lambda: convolution(PAIR, 2, 4, True),
        lambda: torchs(nn.Conv2d(2, 4, 3, padding=1)),
        (7, 2, 6, 5),
    ),
}


@pytest.mark.parametrize("case", LAYERS)
def test_thirty_steps_of_sgd_are_torchs(case, agrees):
    torch.manual_seed(1)
    ours, theirs, shape = LAYERS[case]
    first, other = ours().double(), theirs().double()
    made = other.parametrizations.weight
    made.original0.data.copy_(first.length.data.view_as(made.original0))
    made.original1.data.copy_(first.weight.data)
    other.bias.data.copy_(first.bias.data)
    networks = nn.Sequential(first, Activation("tanh", tanh)), nn.Sequential(other, nn.Tanh())
    walks = [[], []]
    for layer, network, walk in zip((first, other), networks, walks, strict=True):
        optimizer = torch.optim.SGD(network.parameters(), lr=0.3, momentum=0.7)
        for step in range(40):
            x = torch.randn(shape, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
            optimizer.zero_grad()
            (network(x) - 0.3 * x.flatten(1).sum()).square().mean().backward()
            optimizer.step()
            numbers = [layer.made() if layer is first else layer.weight, layer.bias, x.new_zeros(0)]
            numbers += [
                value.grad
                for value in (
                    (layer.weight, layer.length, layer.bias)
                    if layer is first
                    else (made.original1, made.original0, layer.bias)
                )
            ]
            walk.append(torch.cat([value.detach().flatten() for value in numbers]))
    agrees(weight_norm, "torch.nn.utils.parametrizations.weight_norm", *walks)
    assert not torch.allclose(walks[0][-1], walks[0][0], rtol=0.1)


@given(st.floats(1e-3, 1e3), st.floats(-5, 5))
def test_length_of_the_direction_does_not_matter_and_that_of_the_weight_is_given(size, length):
    direction = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    lengths = torch.full((4,), length, dtype=torch.float64)
    made = weight_norm.apply(direction, lengths, weight_norm.Hyper())
    torch.testing.assert_close(made.flatten(1).norm(dim=1), lengths.abs())
    torch.testing.assert_close(weight_norm.apply(size * direction, lengths, weight_norm.Hyper()), made)


def test_it_begins_at_what_was_drawn():
    drawn = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    length = weight_norm.init(drawn, weight_norm.Hyper())
    torch.testing.assert_close(weight_norm.apply(drawn, length, weight_norm.Hyper()), drawn)


def test_what_is_padded_with_zeros_stays_zero():
    """Rows and columns of zeros: the rest is as without them, and their own gradients are zero."""
    small = torch.randn(3, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    wide, lengths = torch.zeros(5, 6, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)
    wide[:3, :4], lengths[:3] = small, 2.0
    wide.requires_grad_(), lengths.requires_grad_()
    made = weight_norm.apply(wide, lengths, weight_norm.Hyper())
    alone = weight_norm.apply(small, lengths.detach()[:3], weight_norm.Hyper())
    torch.testing.assert_close(made[:3, :4].detach(), alone)
    assert not made[3:].any() and not made[:, 4:].any()
    slopes = torch.autograd.grad((made[:, :4] ** 3).sum(), (wide, lengths))
    assert slopes[0].isfinite().all() and slopes[1].isfinite().all()
    assert not slopes[0][3:].any() and not slopes[0][:, 4:].any() and not slopes[1][3:].any()
