"""Softplus: a smooth ReLU, the integral of the sigmoid.

    y = log(1 + e^(βx)) / β

β beta; β → ∞ is ReLU. Always positive, its slope is σ(βx).
Dugas, Bengio, Bélisle, Nadeau & Garcia 2000, Incorporating second-order functional knowledge for better
option pricing, NeurIPS.
Differs from the paper: β, there 1. Differs from torch: no threshold above which it is taken for x.
Witness: torch.nn.functional.softplus.
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
    return torch.logaddexp(hyper.beta * x, torch.zeros_like(x)) / hyper.beta


CARD = Card(
    summary="a smooth ReLU, the integral of the sigmoid",
    paper="Dugas, Bengio, Bélisle, Nadeau & Garcia 2000, NeurIPS",
    year=2000,
    parent="sigmoid",
    ranges={"beta": Range(0.3, 10.0, log=True)},
    domain={"beta": Domain(0.0, open_low=True)},
    torch="torch.nn.Softplus({beta})",
    title="Softplus",
)
