"""ELU: what is negative bends smoothly towards -α, so that the mean of the activations comes nearer to 0.

    y = x   where x > 0,   else α(eˣ - 1)

α alpha; 0 is ReLU. The slope at 0 is α, which is smooth for α = 1 only.
Clevert, Unterthiner & Hochreiter 2015, Fast and accurate deep network learning by exponential linear units
(ELUs), arXiv:1511.07289.
Differs from the paper: nothing. Witness: torch.nn.functional.elu.
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
    return torch.where(x > 0, x, hyper.alpha * torch.expm1(below))


CARD = Card(
    summary="bends what is negative towards -alpha",
    paper="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    year=2015,
    parent="relu",
    ranges={"alpha": Range(0.1, 3.0, log=True)},
    domain={"alpha": Domain(0.0)},
    contains=("relu",),
    torch="torch.nn.ELU({alpha})",
)
