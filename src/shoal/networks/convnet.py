"""A small 2-D convolutional network: 3×3 convolutions and max pooling, channels doubling with depth."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from shoal.networks.images import as_images
from shoal.networks.layers import Activation, Dropout, Normalization, acts_on_weights, leaves_bias, maps
from shoal.networks.normalized_weights import convolution
from shoal.networks.parts import Parts

SUMMARY = "3×3 convolutions and max pooling, channels doubling with depth"
INPUTS = "image"
FIELDS = ("width", "depth", "activation", "normalization")
BRANCHES = "never"
START = {"width": 16, "depth": 3, "normalization": "batch_norm"}


class ConvNet(nn.Module):
    """[rows, channels, height, width] → [rows, outputs] (a missing channel axis is added).

    Stage k: 3×3 convolution to width·2ᵏ channels → normalization → activation → 2×2 max pooling while the
    image is at least 2×2 → regularizers; a linear head on all that is left. Before a normalization over the
    batch a convolution has no bias; before a gated activation it has twice the channels.
    """

    def __init__(
        self,
        features: tuple[int, ...],
        outputs: int,
        *,
        width: int,
        depth: int,
        activation: tuple[str, Any],
        normalization: tuple[str, Any] | None = None,
        regularizers: Sequence[tuple[str, Any]] = (),
    ):
        super().__init__()
        channels, height, breadth = features if len(features) == 3 else (1, *features)
        self.image = (channels, height, breadth)
        bias = normalization is None or leaves_bias(normalization[1])
        self.stages = nn.ModuleList()
        for stage in range(depth):
            wide = width * 2**stage
            mapped = wide * maps(activation[1])
            parts: list[nn.Module] = [convolution(normalization, channels, mapped, bias)]
            if normalization is not None and not acts_on_weights(normalization[1]):
                parts.append(Normalization(*normalization, mapped))
            parts.append(Activation(*activation))
            if height >= 2 and breadth >= 2:
                parts.append(nn.MaxPool2d(2))
                height, breadth = height // 2, breadth // 2
            for number, one in enumerate(regularizers):
                parts.append(Dropout(*one, site=stage + (number << 16)))
            self.stages.append(nn.Sequential(*parts))
            channels = wide
        self.head = nn.Linear(channels * height * breadth, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = as_images(x, self.image)
        for stage in self.stages:
            x = stage(x)
        return self.head(x.flatten(1))


def build(parts: Parts) -> ConvNet:
    """The convolutional network of a recipe."""
    return ConvNet(
        parts.features,
        parts.outputs,
        width=parts.width,
        depth=parts.depth,
        activation=parts.activation,
        normalization=parts.normalization,
        regularizers=parts.regularizers,
    )
