"""Feature dropout: each number of the inputs is set to 0 at random.

    x ← 0 where u < p,   u ~ U(0, 1) anew for each number, row and step

p rate. Numbers of tables are standardized, so 0 is their mean: the network learns to do without any of them.
Globerson & Roweis 2006, Nightmare at test time: robust learning by feature deletion, ICML.
Differs from the paper: numbers are deleted at random, there the ones that hurt most; what is left is not
made larger, as dropout does, because a number that is missing later is filled with its mean, too. Noise comes
from a counter, so a member's noise is its own in any company.
Witness: the noise from plain Python integers.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "inputs"
INPUTS = "numbers"


class Hyper(NamedTuple):
    rate: Scalar = 0.1


def apply(
    x: Float[Tensor, "rows *features"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows *features"]:
    """``x`` [rows, *features] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, x.shape, torch.promote_types(x.dtype, torch.float32))
    return torch.where(noise < hyper.rate, 0.0, x)


CARD = Card(
    title="Feature dropout",
    summary="sets numbers of the inputs to 0, their mean, at random in training",
    paper="Globerson & Roweis 2006, ICML",
    year=2006,
    ranges={"rate": Range(0.0, 0.5)},
    domain={"rate": Domain(0.0, 1.0)},
    torch="feature_dropout = lambda x: x * (torch.rand_like(x) >= {rate})",
)
