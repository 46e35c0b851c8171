"""Swish: x, weighed by a sigmoid of itself. With β = 1 it is the SiLU.

    y = x σ(βx) = x / (1 + e⁻ᵝˣ)

β beta; 1.702 comes near to GELU, β → ∞ to ReLU.
Ramachandran, Zoph & Le 2017, Searching for activation functions, arXiv:1710.05941; SiLU: Hendrycks & Gimpel
2016, arXiv:1606.08415.
Differs from the paper: β is a number of the recipe, not trained. Witness: torch.nn.functional.silu.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    beta: Scalar = 1.0


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    return x * torch.sigmoid(hyper.beta * x)


CARD = Card(
    summary="weighs x by a sigmoid of x",
    paper="Ramachandran, Zoph & Le 2017, arXiv:1710.05941",
    year=2017,
    parent="gelu",
    ranges={"beta": Range(0.3, 3.0, log=True)},
    domain={"beta": Domain(0.0)},
    torch="lambda x: x * torch.sigmoid({beta} * x)",
)
