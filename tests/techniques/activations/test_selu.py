"""SELU beside torch.nn.functional, values and slopes."""

import math

import pytest
import torch
import torch.nn.functional as F

from shoal.techniques.activations import selu
from shoal.techniques.initializers import lecun_normal

POINTS = [-800.0, -30.0, -3.1, -1.0, -1e-3, 0.0, 1e-3, 0.5, 1.0, 4.2, 30.0, 800.0]


def test_follows_torch(agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    same = x.detach().clone().requires_grad_()
    ours, witness = selu.apply(x, selu.Hyper()), F.selu(same)
    ours.sum().backward()
    witness.sum().backward()
    agrees_at(selu, "torch.nn.functional.selu", ours, witness, rtol=1e-14, atol=1e-16)
    agrees_at(selu, "torch.nn.functional.selu", x.grad, same.grad, rtol=1e-13, atol=1e-16)


def test_mean_0_and_variance_1_are_a_fixed_point():
    """For x ~ N(0, 1), by the trapezoidal rule on each side of the kink."""
    z = torch.linspace(0, 12, 200_001, dtype=torch.float64)
    density = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    y = [selu.apply(side, selu.Hyper()) for side in (z, -z)]
    moments = [sum(torch.trapezoid(part**power * density, z) for part in y) for power in (1, 2)]
    assert [float(moment) for moment in moments] == pytest.approx([0, 1], abs=1e-9)


def test_with_lecun_normal_many_layers_keep_mean_0_and_variance_1():
    x = torch.randn(256, 512, generator=torch.Generator().manual_seed(0))
    for layer in range(20):
        weight = lecun_normal.draw((512, 512), torch.Generator().manual_seed(layer + 1), lecun_normal.Hyper())
        x = selu.apply(x @ weight.T, selu.Hyper())
    assert x.mean().item() == pytest.approx(0, abs=0.05)
    assert x.var().item() == pytest.approx(1, abs=0.15)
