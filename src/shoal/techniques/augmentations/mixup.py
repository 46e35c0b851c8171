"""Mixup: two rows and what they aim at are averaged.

    x ← λ x + (1-λ) x′      y ← λ y + (1-λ) y′      λ ~ Beta(α, α), one for the batch

α alpha; x′, y′ another row of the batch. y are probabilities of classes, or the numbers of a regression.
Zhang, Cisse, Dauphin & Lopez-Paz 2017, mixup: beyond empirical risk minimization, arXiv:1710.09412.
Differs from the paper: λ is the larger of λ and 1-λ, which makes the same pairs with their two rows in turn,
so that an α of 0 changes nothing; one λ and one distance between partners a batch, as λ in the authors' code.
Witness: the noise from plain Python integers and the formulas in plain floats, scipy.stats.beta.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import beta, counter_noise, partners

PLACE = "pairs"
INPUTS = "numbers"


class Hyper(NamedTuple):
    alpha: Scalar = 0.2


def apply(
    x: Float[Tensor, "rows *features"],
    target: Float[Tensor, "rows outputs"],
    key: Int[Tensor, ""],
    hyper: Hyper,
) -> tuple[Float[Tensor, "rows *features"], Float[Tensor, "rows outputs"]]:
    """``x`` and ``target`` with their rows mixed by noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, (2,), torch.promote_types(x.dtype, torch.float32))
    share = beta.symmetric(noise[0], noise[1], hyper.alpha)
    share = torch.maximum(share, 1 - share)
    other = partners.of(x, key)
    mixed, aim = (share * one + (1 - share) * one[other] for one in (x, target))
    return mixed.to(x.dtype), aim.to(target.dtype)


CARD = Card(
    title="mixup",
    summary="averages two rows and what they aim at in training",
    paper="Zhang et al. 2017, arXiv:1710.09412",
    year=2017,
    ranges={"alpha": Range(0.05, 2.0, log=True)},
    domain={"alpha": Domain(0.0)},
    torch=(
        "def mixup(x, y):\n"
        "    share = torch.distributions.Beta({alpha}, {alpha}).sample()\n"
        "    other = torch.randperm(len(x))\n"
        "    return share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]"
    ),
)
