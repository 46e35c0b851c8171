"""LeCun normal: normal weights that keep the variance forward through linear layers.

    w ~ N(0, σ²),   σ = √(1 / fan_in)

What SELU is made for.
LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, in Neural Networks: Tricks of the Trade, Springer.
Differs from the paper: it leaves the shape of the distribution open. Witness: torch.nn.init.kaiming_normal_
with nonlinearity "linear".
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card
from shoal.techniques.numerics.fans import fans


class Hyper(NamedTuple):
    """Nothing to choose."""


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel)."""
    fan_in, _ = fans(shape)
    std = math.sqrt(1 / fan_in)
    return torch.empty(shape, dtype=torch.float32).normal_(0, std, generator=generator)


CARD = Card(
    summary="normal weights that keep the variance through linear layers",
    paper="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp",
    year=1998,
    torch="torch.nn.init.kaiming_normal_(layer.weight, nonlinearity='linear')",
)
