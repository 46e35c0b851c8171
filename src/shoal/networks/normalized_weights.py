"""Linear maps and convolutions whose weight is made of a direction and a length for each output unit."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from shoal.networks.forward import current
from shoal.networks.layers import acts_on_weights, hyper_of

Pair = tuple[str, Any]  # name, technique


class Lengths:
    """Has ``length`` [outputs] beside ``weight``, the direction; the technique has PLACE "weight"."""

    weight: Tensor
    length: nn.Parameter

    def take(self, name: str, technique: Any) -> None:
        """Gives the layer its technique, and the length of its own weight."""
        self.name, self.technique = name, technique
        self.length = nn.Parameter(self.first_length(self.weight.detach()))

    def first_length(self, direction: Tensor) -> Tensor:
        """The length [outputs] that training starts from with this direction."""
        found: Tensor = self.technique.init(direction, self.technique.Hyper())
        return found

    def made(self) -> Tensor:
        """The weight, of the direction's shape."""
        now = current()
        hyper = hyper_of(self.technique.Hyper(), now.hyper if now else {}, self.name)
        weight: Tensor = self.technique.apply(self.weight, self.length, hyper)
        return weight


class Linear(Lengths, nn.Linear):
    """``nn.Linear`` with a normalized weight; [*shape, inputs] → [*shape, outputs]."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.made(), self.bias)


class Conv2d(Lengths, nn.Conv2d):
    """``nn.Conv2d`` with a normalized weight."""

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, self.made(), self.bias)


def linear(normalization: Pair | None, inputs: int, outputs: int, bias: bool) -> nn.Linear:
    """A linear map, with a normalized weight where the normalization acts on weights."""
    if normalization is None or not acts_on_weights(normalization[1]):
        return nn.Linear(inputs, outputs, bias=bias)
    layer = Linear(inputs, outputs, bias=bias)
    layer.take(*normalization)
    return layer


def convolution(
    normalization: Pair | None,
    inputs: int,
    outputs: int,
    bias: bool,
    kernel: tuple[int, int] = (3, 3),
    stride: int = 1,
) -> nn.Conv2d:
    """A convolution, padded by half its kernel, else like ``linear``. One of an odd kernel keeps the image's
    size, or divides it by ``stride``."""
    padding = (kernel[0] // 2, kernel[1] // 2)
    sizes: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "padding": padding, "bias": bias}
    if normalization is None or not acts_on_weights(normalization[1]):
        return nn.Conv2d(inputs, outputs, **sizes)
    layer = Conv2d(inputs, outputs, **sizes)
    layer.take(*normalization)
    return layer
