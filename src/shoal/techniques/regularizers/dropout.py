"""Dropout: silence each activation at random, and let the others speak louder.

    y = 0 where u < p,   x / (1-p) elsewhere,   u ~ U(0, 1)

p rate. E[y] = x, so nothing changes when dropout is left out after training.
Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout: a simple way to prevent neural
networks from overfitting, JMLR 15.
Differs from the paper: the division stands in training ("inverted"), there the weights shrink afterwards;
noise comes from a counter, so a member's mask is its own in any company.
Witness: the mask computed in plain Python integers.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "activation"


class Hyper(NamedTuple):
    rate: Scalar = 0.1


def apply(x: Float[Tensor, "*shape"], key: Int[Tensor, ""], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """``x`` [*shape] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, x.shape, torch.promote_types(x.dtype, torch.float32))
    return torch.where(noise < hyper.rate, 0.0, x / (1 - hyper.rate))


CARD = Card(
    summary="silences activations at random during training",
    paper="Srivastava et al. 2014, JMLR 15",
    year=2014,
    ranges={"rate": Range(0.0, 0.5)},
    domain={"rate": Domain(0.0, 1.0, open_high=True)},
    torch="torch.nn.Dropout({rate})",
)
