"""CELU: ELU whose slope is continuous for every α, because the exponential is stretched along x too.

    y = x   where x > 0,   else α(e^(x/α) - 1)

α alpha; towards 0 it comes near to ReLU. With α = 1 it is ELU. The slope at 0 is 1.
Barron 2017, Continuously differentiable exponential linear units, arXiv:1704.07483.
Differs from the paper: nothing. Witness: torch.nn.functional.celu.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    alpha: Scalar = 1.0


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    below = torch.clamp(x, max=0.0)  # without it the branch that is not taken overflows, and its slope too
    return torch.where(x > 0, x, hyper.alpha * torch.expm1(below / hyper.alpha))


CARD = Card(
    summary="bends what is negative towards -alpha, with a continuous slope",
    paper="Barron 2017, arXiv:1704.07483",
    year=2017,
    parent="elu",
    ranges={"alpha": Range(0.1, 3.0, log=True)},
    domain={"alpha": Domain(0.0, open_low=True)},
    torch="torch.nn.CELU({alpha})",
    title="CELU",
)
