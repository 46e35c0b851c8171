"""Swap noise: each number of the inputs is replaced by the same one of another row at random.

    x[r, f] ← x[(r + s) mod n, f] where u < p,   u ~ U(0, 1) for each number, one s in 0 ... n-1 a step

p rate, n rows of the batch, whose order is random. What is put in is drawn from the numbers' own
distribution, column by column: classes of a category stay whole numbers of 0 and 1.
Vincent, Larochelle, Bengio & Manzagol 2008, Extracting and composing robust features with denoising
autoencoders, ICML.
Differs from the paper: it sets numbers to 0, as feature_dropout does; swapping within a column was made known
by winners of competitions on tables. All rows take from the row at the same distance.
Witness: the noise from plain Python integers.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise, partners

PLACE = "inputs"
INPUTS = "numbers"


class Hyper(NamedTuple):
    rate: Scalar = 0.1


def apply(
    x: Float[Tensor, "rows *features"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows *features"]:
    """``x`` [rows, *features] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, x.shape, torch.promote_types(x.dtype, torch.float32))
    return torch.where(noise < hyper.rate, x[partners.of(x, key)], x)


CARD = Card(
    title="Swap noise",
    summary="replaces numbers of the inputs by those of another row at random in training",
    paper="Vincent et al. 2008, ICML",
    year=2008,
    parent="feature_dropout",
    ranges={"rate": Range(0.0, 0.5)},
    domain={"rate": Domain(0.0, 1.0)},
    torch="swap_noise = lambda x: torch.where(torch.rand_like(x) < {rate}, x[torch.randperm(len(x))], x)",
)
