"""A small residual network for images: a stem and three stages of blocks, each of two convolutions.

He, Zhang, Ren & Sun 2015, Deep residual learning for image recognition, arXiv:1512.03385, the form for
CIFAR-10. Differs from the paper: the last activation of a block stands before the sum, not behind it (the
same authors 2016, Identity mappings in deep residual networks, arXiv:1603.05027, figure 4c), so that the
image flows from block to block unchanged and gated activations fit; shortcuts that change an image's size are
1×1 convolutions without a normalization.
"""

from torch import Tensor, nn

from shoal.networks.images import as_images
from shoal.networks.layers import (
    Activation,
    Branch,
    Dropout,
    Normalization,
    Scale,
    acts_on_weights,
    leaves_bias,
    maps,
)
from shoal.networks.normalized_weights import convolution
from shoal.networks.parts import Parts

SUMMARY = "residual network: three stages of blocks of two 3×3 convolutions, then the mean over the image"
INPUTS = "image"
FIELDS = ("width", "depth", "activation", "normalization")
BRANCHES = "always"
START = {"width": 16, "depth": 1, "normalization": "batch_norm"}

_STAGES = 3
_BRANCHES = 1 << 30  # sites of noise at branches, apart from those at activations


class ResNet(nn.Module):
    """[rows, channels, height, width] → [rows, outputs] (a missing channel axis is added).

    Stem: a layer of ``width`` channels. Stage k of three: ``depth`` blocks of width·2ᵏ channels, of which the
    first of a later stage halves the image. Then the mean over the image and a linear head. A layer is a 3×3
    convolution → normalization → activation; a block adds two of them, with regularizers between and
    branches' regularizers behind, to its input. Before a normalization over the batch a convolution has no
    bias.
    """

    def __init__(self, parts: Parts):
        super().__init__()
        channels, height, width = (1, *parts.features)[-3:]
        self.image = (channels, height, width)
        self.stem = _layer(parts, channels, parts.width)
        self.blocks = nn.ModuleList()
        channels = parts.width
        for stage in range(_STAGES):
            wide = parts.width * 2**stage
            for place in range(parts.depth):
                stride = 2 if stage and not place else 1
                self.blocks.append(Block(parts, channels, wide, stride, len(self.blocks)))
                channels = wide
        self.head = nn.Linear(channels, parts.outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(as_images(x, self.image))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


class Block(nn.Module):
    """[rows, channels, height, width] → [rows, wide, height / stride, width / stride], rounded up.

    number: how many blocks stand before this one.
    """

    def __init__(self, parts: Parts, channels: int, wide: int, stride: int, number: int):
        super().__init__()
        resized = stride > 1 or channels != wide
        self.shortcut: nn.Module = nn.Identity()
        if resized:
            self.shortcut = convolution(parts.normalization, channels, wide, False, (1, 1), stride)
        between = [Dropout(*one, site=number + (place << 16)) for place, one in enumerate(parts.regularizers)]
        share = (number + 1) / (_STAGES * parts.depth)
        behind: list[nn.Module] = [
            Branch(*one, _BRANCHES + number + (place << 16), share)
            for place, one in enumerate(parts.branches)
        ]
        if parts.scaled:
            behind.append(Scale())
        first, second = _layer(parts, channels, wide, stride), _layer(parts, wide, wide)
        self.branch = nn.Sequential(*first, *between, *second, *behind)

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.branch(x)


def _layer(parts: Parts, channels: int, wide: int, stride: int = 1) -> nn.Sequential:
    normalization = parts.normalization
    mapped = wide * maps(parts.activation[1])
    bias = normalization is None or leaves_bias(normalization[1])
    made: list[nn.Module] = [convolution(normalization, channels, mapped, bias, stride=stride)]
    if normalization is not None and not acts_on_weights(normalization[1]):
        made.append(Normalization(*normalization, mapped))
    return nn.Sequential(*made, Activation(*parts.activation))


def build(parts: Parts) -> ResNet:
    """The residual network of a recipe."""
    return ResNet(parts)
