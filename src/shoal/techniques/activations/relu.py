"""ReLU: cuts what is negative.

    y = max(x, 0)

Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines, ICML.
Differs from the paper: no noise is added. The slope at 0 is 0. Witness: max.
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
    return torch.relu(x)


CARD = Card(
    summary="cuts what is negative",
    paper="Nair & Hinton 2010, ICML",
    year=2010,
    torch="torch.nn.ReLU()",
)
