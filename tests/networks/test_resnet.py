"""The residual network against plain torch functions in float64, and its members alone and in company."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from population.members import alone, assert_same, begin, company, go_on, numbers, table
from shoal import catalogue
from shoal.networks import resnet
from shoal.networks.forward import Forward, forward
from shoal.networks.parts import Parts
from shoal.population.recipe import Job, Recipe

TANH = ("tanh", catalogue.find("activation", "tanh"))
BATCH_NORM = ("batch_norm", catalogue.find("normalization", "batch_norm"))
PARTS = Parts((3, 9, 6), 4, 0, width=2, depth=2, residual=False, activation=TANH, normalization=BATCH_NORM)


def filled(parts: Parts) -> resnet.ResNet:
    torch.manual_seed(1)
    network = resnet.build(parts).double()
    for value in network.state_dict().values():
        value.uniform_(0.2, 1.0).sub_(0.1)
    return network


def layer(state: dict[str, Tensor], home: str, at: int, x: Tensor, training: bool, stride: int = 1) -> Tensor:
    x = F.conv2d(x, state[f"{home}.{at}.weight"], stride=stride, padding=1)
    norm = f"{home}.{at + 1}"
    mean, var = (state[f"{norm}.state_{field}"].detach().clone() for field in ("mean", "var"))
    x = F.batch_norm(x, mean, var, state[f"{norm}.weight"], state[f"{norm}.bias"], training)
    return torch.tanh(x)


def plain(state: dict[str, Tensor], x: Tensor, training: bool) -> Tensor:
    """He's network of three stages of two blocks, activations before the sums."""
    x = layer(state, "stem", 0, x, training)
    for block in range(6):
        home, stride = f"blocks.{block}", 2 if block in (2, 4) else 1
        shortcut = x
        if stride == 2:
            shortcut = F.conv2d(x, state[f"{home}.shortcut.weight"], stride=2)
        first = layer(state, f"{home}.branch", 0, x, training, stride)
        x = shortcut + layer(state, f"{home}.branch", 3, first, training)
    return F.linear(x.mean((2, 3)), state["head.weight"], state["head.bias"])


@pytest.mark.parametrize("training", [False, True])
def test_forward_and_gradient_equal_plain_torch(training):
    network = filled(PARTS)
    state = {name: value.detach().clone().requires_grad_() for name, value in network.state_dict().items()}
    x = torch.randn(5, 3, 9, 6, dtype=torch.float64)
    expected = plain(state, x, training)
    with forward(Forward(training, None, None, {})):
        found = network(x)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)
    target = torch.tensor([0, 1, 2, 3, 0])
    F.cross_entropy(found, target).backward()
    F.cross_entropy(expected, target).backward()
    for name, value in network.named_parameters():
        torch.testing.assert_close(value.grad, state[name].grad, rtol=1e-9, atol=1e-11, msg=name)


def test_a_convolution_has_a_bias_only_where_its_gradient_is_no_rounding():
    names = [name for name, _ in filled(PARTS).named_parameters()]
    assert [name for name in names if name.endswith(".0.bias")] == []
    names = [name for name, _ in resnet.build(PARTS._replace(normalization=None)).named_parameters()]
    assert "stem.0.bias" in names and "blocks.0.branch.0.bias" in names


def test_branches_with_a_scale_of_zero_leave_the_shortcuts():
    network = filled(PARTS._replace(scaled=True, normalization=None))
    for value in network.parameters():
        if value.shape == (1,):
            value.data.zero_()
    state = network.state_dict()
    x = torch.randn(2, 3, 9, 6, dtype=torch.float64)
    expected = torch.tanh(F.conv2d(x, state["stem.0.weight"], state["stem.0.bias"], padding=1))
    for block in (2, 4):
        expected = F.conv2d(expected, state[f"blocks.{block}.shortcut.weight"], stride=2)
    expected = F.linear(expected.mean((2, 3)), state["head.weight"], state["head.bias"])
    torch.testing.assert_close(network(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("features", [(1, 1), (1, 3, 1), (2, 4, 5)])
@pytest.mark.parametrize("activation", ["relu", "swiglu", "prelu"])
def test_it_takes_images_of_any_size_and_any_activation(features, activation):
    chosen = (activation, catalogue.find("activation", activation))
    network = resnet.build(PARTS._replace(features=features, activation=chosen, depth=1))
    assert network(torch.randn(3, *features)).shape == (3, 4)


def test_a_member_alone_is_the_member_in_company():
    recipe = Recipe("resnet", width=2, depth=1, normalization="batch_norm", batch_size=16, optimizer="adam")
    hyper = {"dropout.rate": 0.2, "stochastic_depth.rate": 0.4, "l2.coefficient": 0.01}
    task, job = table(features=(6, 6)), Job("subject", replace(recipe, epochs=20, hyper=hyper), 3)
    together = go_on(begin(task, company(job, 3)), 6)
    assert_same(numbers(together.stack, "subject"), alone(task, job, 6))
