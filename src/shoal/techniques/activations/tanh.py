"""Tanh: squeezes into (-1, 1), around 0.

    y = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)

LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, in Neural Networks: Tricks of the Trade, Springer.
Differs from the paper: not stretched to 1.7159 tanh(⅔x). Witness: math.tanh.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card


class Hyper(NamedTuple):
    """Nothing to choose."""


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    return torch.tanh(x)


CARD = Card(
    summary="squeezes into (-1, 1), around 0",
    paper="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp",
    year=1998,
    parent="sigmoid",
    torch="torch.nn.Tanh()",
)
