"""Sigmoid: squeezes into (0, 1).

    y = 1 / (1 + e⁻ˣ)

Rumelhart, Hinton & Williams 1986, Learning representations by back-propagating errors, Nature 323.
Differs from the paper: nothing. Witness: math.exp.
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
    return torch.sigmoid(x)


CARD = Card(
    summary="squeezes into (0, 1)",
    paper="Rumelhart, Hinton & Williams 1986, Nature 323",
    year=1986,
    torch="torch.nn.Sigmoid()",
)
