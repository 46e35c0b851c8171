"""Leaky ReLU: what is negative is made small instead of cut, so that no unit falls silent for good.

    y = x   where x > 0,   else a x

a negative_slope; 0 is ReLU. The slope at 0 is a.
Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models, ICML workshop.
Differs from the paper: nothing. Witness: torch.nn.functional.leaky_relu.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    negative_slope: Scalar = 1e-2


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    return torch.where(x > 0, x, hyper.negative_slope * x)


CARD = Card(
    summary="makes what is negative small",
    paper="Maas, Hannun & Ng 2013, ICML workshop",
    year=2013,
    parent="relu",
    ranges={"negative_slope": Range(1e-3, 0.5, log=True)},
    domain={"negative_slope": Domain(0.0)},
    contains=("relu",),
    torch="torch.nn.LeakyReLU({negative_slope})",
)
