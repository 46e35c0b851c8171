"""The convolutional network's forward pass against plain torch modules with the same weights."""

import pytest
import torch
from torch import nn

from shoal import catalogue
from shoal.networks.convnet import ConvNet
from shoal.networks.forward import Forward, forward

TANH = ("tanh", catalogue.find("activation", "tanh"))
NORM = ("batch_norm", catalogue.find("normalization", "batch_norm"))


def plain(normalized: bool, channels: int, pooled: list[bool], left: int) -> nn.Module:
    layers: list[nn.Module] = []
    for stage, pool in enumerate(pooled):
        wide = 2 * 2**stage
        layers += [nn.Conv2d(channels, wide, 3, padding=1, bias=not normalized)]
        layers += [nn.BatchNorm2d(wide)] * normalized + [nn.Tanh()] + [nn.MaxPool2d(2)] * pool
        channels = wide
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * left, 4))


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("features", "pooled", "left"),
    [((3, 8, 8), [True, True], 4), ((5, 7), [True], 6), ((1, 3, 2), [True, False, False], 1)],
    ids=["color", "no channel axis", "too small to pool twice"],
)
def test_forward_equals_plain_torch(normalized, training, features, pooled, left):
    torch.manual_seed(1)
    settings = {"width": 2, "depth": len(pooled), "activation": TANH}
    ours = ConvNet(features, 4, **settings, normalization=NORM if normalized else None).double()
    channels = features[0] if len(features) == 3 else 1
    theirs = plain(normalized, channels, pooled, left).double().train(training)
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(own.data.normal_())
    x = torch.randn(5, *features, dtype=torch.float64)
    with forward(Forward(training, None, None, {})):
        found = ours(x)
    expected = theirs(x.reshape(5, channels, *features[-2:]))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
