"""The perceptron's forward pass against plain torch modules with the same weights."""

from collections import namedtuple
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from shoal import catalogue
from shoal.networks.forward import Forward, forward
from shoal.networks.mlp import MLP

RELU = ("relu", catalogue.find("activation", "relu"))
PRELU = ("prelu", catalogue.find("activation", "prelu"))
NORMS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "batch_norm": lambda: nn.BatchNorm1d(8),
    "layer_norm": lambda: nn.LayerNorm(8),
    "group_norm": lambda: nn.GroupNorm(4, 8),
    "rms_norm": lambda: nn.RMSNorm(8, eps=1e-5),
}


def norm(name: str):
    return None if name == "none" else (name, catalogue.find("normalization", name))


SWIGLU = ("swiglu", catalogue.find("activation", "swiglu"))


class Gated(nn.Module):
    """A linear map to twice the units, halved, one half times torch's silu of the other."""

    def __init__(self, inputs: int, units: int):
        super().__init__()
        self.both = nn.Linear(inputs, 2 * units)

    def forward(self, x):
        one, gate = self.both(x).split(self.both.out_features // 2, 1)
        return one * nn.functional.silu(gate)


def plain(depth: int, normalization: str, residual: bool, activation: Callable[[], nn.Module]) -> nn.Module:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList()
            for layer in range(depth):
                first = nn.Linear(8 if layer else 6, 8, bias=normalization != "batch_norm")
                self.layers.append(nn.Sequential(first, NORMS[normalization](), activation()))
            self.head = nn.Linear(8 if depth else 6, 3)

        def forward(self, x):
            x = x.reshape(len(x), 6)
            for number, layer in enumerate(self.layers):
                x = x + layer(x) if residual and number > 0 else layer(x)
            return self.head(x)

    return Plain()


def assert_equal(ours: nn.Module, theirs: nn.Module, training: bool) -> None:
    """Equal outputs with equal parameters, which come in the same order."""
    ours, theirs = ours.double(), theirs.train(training).double()
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(own.data.normal_())
    x = torch.randn(5, 2, 3, dtype=torch.float64)  # features of any shape are flattened
    with forward(Forward(training, None, None, {})):
        found = ours(x)
    torch.testing.assert_close(found, theirs(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("normalization", NORMS)
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_forward_equals_plain_torch(depth, normalization, residual, training):
    torch.manual_seed(1)
    settings = {"width": 8, "depth": depth, "activation": RELU, "residual": residual}
    ours = MLP(6, 3, **settings, normalization=norm(normalization))
    assert_equal(ours, plain(depth, normalization, residual, nn.ReLU), training)


def test_an_activation_that_learns_has_a_parameter_in_every_layer():
    torch.manual_seed(1)
    ours = MLP(6, 3, width=8, depth=2, activation=PRELU)
    assert [name for name, value in ours.named_parameters() if value.numel() == 1] == [
        "hidden.0.1.parameter",
        "hidden.1.1.parameter",
    ]
    assert_equal(ours, plain(2, "none", False, nn.PReLU), True)


def test_layers_before_a_gate_have_twice_the_outputs():
    torch.manual_seed(1)
    ours = MLP(6, 3, width=8, depth=2, activation=SWIGLU)
    theirs = nn.Sequential(nn.Flatten(), Gated(6, 8), Gated(8, 8), nn.Linear(8, 3))
    assert_equal(ours, theirs, True)


def test_normalized_weights_are_torchs():
    torch.manual_seed(1)
    ours = MLP(6, 3, width=8, depth=2, activation=RELU, normalization=norm("weight_norm")).double()
    hidden = [weight_norm(nn.Linear(inputs, 8).double()) for inputs in (6, 8)]
    for (own, _), layer in zip(ours.hidden, hidden, strict=True):
        own.length.data *= torch.rand(8)
        layer.parametrizations.weight.original0.data = own.length.data[:, None]
        layer.parametrizations.weight.original1.data = own.weight.data
        layer.bias.data = own.bias.data
    theirs = nn.Sequential(nn.Flatten(), hidden[0], nn.ReLU(), hidden[1], nn.ReLU(), ours.head)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-12, atol=1e-12)


def test_branches_are_silenced_by_their_depth_in_training_only():
    """The regularizer here multiplies a branch by its share."""
    torch.manual_seed(1)
    seen: list[tuple[int, float]] = []

    def apply(branch, key, share, hyper):
        seen.append((int(key), share))
        return branch * share

    shrink = ("shrink", SimpleNamespace(Hyper=namedtuple("Hyper", ()), apply=apply))
    settings = {"width": 8, "depth": 4, "activation": RELU, "residual": True}
    ours = MLP(6, 3, **settings, branches=[shrink]).double()
    x, key = torch.randn(5, 6, dtype=torch.float64), torch.tensor(7)

    def expected(*shares: float) -> torch.Tensor:
        h = ours.hidden[0](x)
        for share, layer in zip(shares, list(ours.hidden)[1:], strict=True):
            h = h + share * layer(h)
        return ours.head(h)

    with forward(Forward(True, None, key, {})):
        made = ours(x)
    torch.testing.assert_close(made, expected(1 / 3, 2 / 3, 1))
    assert [share for _, share in seen] == [1 / 3, 2 / 3, 1.0] and len({key for key, _ in seen}) == 3
    with forward(Forward(False, None, None, {})):
        torch.testing.assert_close(ours(x), expected(1, 1, 1))
    assert len(seen) == 3
    assert len(MLP(6, 3, **{**settings, "residual": False}, branches=[shrink]).hidden[1]) == 2
