"""GELU: weighs x by the probability that a standard normal number is smaller.

    y = x Φ(x) = x (1 + erf(x/√2)) / 2

Hendrycks & Gimpel 2016, Gaussian error linear units, arXiv:1606.08415.
Differs from the paper: nothing; this is the exact form, not the tanh approximation. Witness: math.erf.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card


class Hyper(NamedTuple):
    """Nothing to choose."""


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    return x * (1 + torch.erf(x * math.sqrt(0.5))) / 2  # a trace of F.gelu's gradient fixes its sizes


CARD = Card(
    summary="weighs x by the normal probability of a smaller number",
    paper="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    year=2016,
    parent="relu",
    torch="torch.nn.GELU()",
)
