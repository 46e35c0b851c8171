"""LeCun uniform: uniform weights that keep the variance forward through linear layers.

    w ~ U(-a, a),   a = √(3 / fan_in)

The variance is 1 / fan_in.
LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, in Neural Networks: Tricks of the Trade, Springer.
Differs from the paper: it leaves the shape of the distribution open. Witness: torch.nn.init.kaiming_uniform_
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
    bound = math.sqrt(3 / fan_in)
    return torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)


CARD = Card(
    summary="uniform weights that keep the variance through linear layers",
    paper="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp",
    year=1998,
    parent="lecun_normal",
    torch="torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity='linear')",
)
