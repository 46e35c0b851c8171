"""The perceptron's forward pass against plain torch modules with the same weights."""

import pytest
import torch
from torch import nn

from shoal import catalogue
from shoal.networks.forward import Forward, forward
from shoal.networks.mlp import MLP

RELU = ("relu", catalogue.find("activation", "relu"))
NORM = ("batch_norm", catalogue.find("normalization", "batch_norm"))


def plain(depth: int, normalized: bool, residual: bool) -> nn.Module:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList()
            for layer in range(depth):
                parts = [nn.Linear(7 if layer else 6, 7, bias=not normalized)]
                self.layers.append(nn.Sequential(*parts, *[nn.BatchNorm1d(7)] * normalized, nn.ReLU()))
            self.head = nn.Linear(7 if depth else 6, 3)

        def forward(self, x):
            x = x.reshape(len(x), 6)
            for number, layer in enumerate(self.layers):
                x = x + layer(x) if residual and number > 0 else layer(x)
            return self.head(x)

    return Plain()


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_forward_equals_plain_torch(depth, normalized, residual, training):
    torch.manual_seed(1)
    ours = MLP(
        6,
        3,
        width=7,
        depth=depth,
        activation=RELU,
        normalization=NORM if normalized else None,
        residual=residual,
    )
    theirs = plain(depth, normalized, residual).train(training).double()
    ours = ours.double()
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(own.data.normal_())
    x = torch.randn(5, 2, 3, dtype=torch.float64)  # features of any shape are flattened
    with forward(Forward(training, None, None, {})):
        found = ours(x)
    torch.testing.assert_close(found, theirs(x), rtol=1e-12, atol=1e-12)
