"""The convolutional network's forward pass against plain torch modules with the same weights."""

import pytest
import torch
from torch import nn

from shoal import catalogue
from shoal.networks.convnet import ConvNet
from shoal.networks.forward import Forward, forward

TANH = ("tanh", catalogue.find("activation", "tanh"))
GROUPS = {"group_norm.num_groups": torch.tensor(2.0, dtype=torch.float64)}


class Rms(nn.Module):
    """torch.nn.functional.rms_norm over all of an image, and a scale for each channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.rms_norm(x, x.shape[1:], eps=1e-5) * self.weight[:, None, None]


NORMS = {
    "none": lambda channels: nn.Identity(),
    "batch_norm": nn.BatchNorm2d,
    "layer_norm": lambda channels: nn.GroupNorm(1, channels),
    "group_norm": lambda channels: nn.GroupNorm(2, channels),
    "rms_norm": Rms,
}


def norm(name: str):
    return None if name == "none" else (name, catalogue.find("normalization", name))


def plain(normalization: str, channels: int, pooled: list[bool], left: int) -> nn.Module:
    layers: list[nn.Module] = []
    for stage, pool in enumerate(pooled):
        wide = 2 * 2**stage
        layers += [nn.Conv2d(channels, wide, 3, padding=1, bias=normalization != "batch_norm")]
        layers += [NORMS[normalization](wide), nn.Tanh()] + [nn.MaxPool2d(2)] * pool
        channels = wide
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * left, 4))


@pytest.mark.parametrize("normalization", NORMS)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("features", "pooled", "left"),
    [((3, 8, 8), [True, True], 4), ((5, 7), [True], 6), ((1, 3, 2), [True, False, False], 1)],
    ids=["color", "no channel axis", "too small to pool twice"],
)
def test_forward_equals_plain_torch(normalization, training, features, pooled, left):
    torch.manual_seed(1)
    settings = {"width": 2, "depth": len(pooled), "activation": TANH}
    ours = ConvNet(features, 4, **settings, normalization=norm(normalization)).double()
    channels = features[0] if len(features) == 3 else 1
    theirs = plain(normalization, channels, pooled, left).double().train(training)
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(own.data.normal_())
    x = torch.randn(5, *features, dtype=torch.float64)
    with forward(Forward(training, None, None, GROUPS)):
        found = ours(x)
    expected = theirs(x.reshape(5, channels, *features[-2:]))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_convolutions_before_a_gate_have_twice_the_channels():
    swiglu = ("swiglu", catalogue.find("activation", "swiglu"))
    ours = ConvNet((1, 4, 4), 3, width=2, depth=1, activation=swiglu).double()
    (convolution,) = (one for one in ours.modules() if isinstance(one, nn.Conv2d))
    x = torch.randn(5, 1, 4, 4, dtype=torch.float64)
    one, gate = nn.functional.conv2d(x, convolution.weight, convolution.bias, padding=1).split(2, 1)
    pooled = nn.functional.max_pool2d(one * nn.functional.silu(gate), 2)
    torch.testing.assert_close(ours(x), ours.head(pooled.flatten(1)), rtol=1e-12, atol=1e-12)


def test_normalized_weights_are_torchs():
    torch.manual_seed(1)
    settings = {"width": 2, "depth": 1, "activation": TANH}
    ours = ConvNet((3, 4, 4), 4, **settings, normalization=norm("weight_norm")).double()
    theirs = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 2, 3, padding=1).double())
    layer, made = ours.stages[0][0], theirs.parametrizations.weight
    layer.length.data = torch.tensor([0.5, 3.0], dtype=torch.float64)
    made.original0.data = layer.length.data.view(2, 1, 1, 1)
    made.original1.data, theirs.bias.data = layer.weight.data, layer.bias.data
    x = torch.randn(5, 3, 4, 4, dtype=torch.float64)
    expected = nn.functional.max_pool2d(theirs(x).tanh(), 2).flatten(1)
    torch.testing.assert_close(ours(x), ours.head(expected), rtol=1e-12, atol=1e-12)
