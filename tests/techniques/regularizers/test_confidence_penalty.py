"""The confidence penalty beside torch.distributions.Categorical.entropy, values and a whole descent."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.regularizers import confidence_penalty


def penalty(output, coefficient):
    hyper = confidence_penalty.Hyper(torch.tensor(coefficient, dtype=torch.float64))
    return confidence_penalty.penalty(output, hyper)


@pytest.mark.parametrize("coefficient", [0.1, 0.7, 3.0])
def test_a_descent_with_it_is_the_same_with_torchs_entropy(agrees, coefficient):
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(40, 5, generator=generator, dtype=torch.float64)
    y, first = torch.arange(40) % 4, torch.randn(5, 4, generator=generator, dtype=torch.float64)

    def walk(cost):
        weight, path = first.clone().requires_grad_(), []
        for _ in range(35):
            output = x @ weight
            loss = (F.cross_entropy(output, y, reduction="none") + cost(output)).mean()
            (slope,) = torch.autograd.grad(loss, weight)
            weight = (weight - 0.5 * slope).detach().requires_grad_()
            path.append(torch.cat([weight.detach().flatten(), loss.detach()[None]]))
        return path

    def entropy(output):
        return -coefficient * torch.distributions.Categorical(logits=output).entropy()

    ours = walk(lambda output: penalty(output, coefficient))
    agrees(confidence_penalty, "torch.distributions.Categorical.entropy", ours, walk(entropy))
    assert not torch.allclose(ours[-1], walk(lambda output: 0.0)[-1], rtol=1e-2)


@given(st.floats(0, 10), st.integers(2, 9))
def test_unsure_outputs_cost_least_and_sure_ones_nothing(coefficient, classes):
    alike = penalty(torch.full((1, classes), 7.0, dtype=torch.float64), coefficient)
    sure = penalty(1e4 * F.one_hot(torch.tensor([1]), classes).double(), coefficient)
    torch.testing.assert_close(alike.item(), -coefficient * math.log(classes))
    assert sure.item() == 0.0


def test_shift_of_the_logits_does_not_matter():
    output = torch.linspace(-3, 3, 12, dtype=torch.float64).view(3, 4)
    torch.testing.assert_close(penalty(output + 5, 0.4), penalty(output, 0.4))
