"""SELU: ELU with the two constants that pull the mean to 0 and the variance to 1, layer by layer.

    y = λx   where x > 0,   else λα(eˣ - 1),   λ = 1.0507…, α = 1.6732…

The constants make mean 0 and variance 1 a fixed point for weights of mean 0 and variance 1/fan_in: it wants
the initializer lecun_normal, and no normalization.
Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-normalizing neural networks, arXiv:1706.02515.
Differs from the paper: nothing (its alpha dropout is not part of it). Witness: torch.nn.functional.selu.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card

SCALE = 1.0507009873554805
ALPHA = 1.6732632423543772


class Hyper(NamedTuple):
    """Nothing to choose."""


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    below = torch.clamp(x, max=0.0)  # without it the branch that is not taken overflows, and its slope too
    return SCALE * torch.where(x > 0, x, ALPHA * torch.expm1(below))


CARD = Card(
    summary="bends what is negative so that layers keep mean 0 and variance 1",
    paper="Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515",
    year=2017,
    parent="elu",
    torch="torch.nn.SELU()",
)
