"""Random normal: every weight from one normal distribution of fixed scale, whatever the layer's size.

    w ~ N(0, σ²)

σ std. This is what "random initialization" means without a theory of scale.
Krizhevsky, Sutskever & Hinton 2012, ImageNet classification with deep convolutional neural networks, NeurIPS.
Differs from the paper: std is 0.05 by default, there 0.01 (made for layers of thousands of inputs), and
biases are 0, there 1 in some layers. Witness: torch.nn.init.normal_.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    std: Scalar = 0.05


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel)."""
    return hyper.std * torch.randn(shape, generator=generator, dtype=torch.float32)


CARD = Card(
    summary="normal weights of one fixed scale",
    paper="Krizhevsky, Sutskever & Hinton 2012, NeurIPS",
    year=2012,
    ranges={"std": Range(1e-3, 1.0, log=True)},
    domain={"std": Domain(0.0, open_low=True)},
    torch="torch.nn.init.normal_(layer.weight, std={std})",
)
