"""Truncated normal: weights from one normal distribution of fixed scale, none beyond two of its deviations.

    w = σ √2 erf⁻¹((2u - 1) erf(√2)),   u ~ U(0, 1)

σ std, that of the normal distribution before its tails are cut; that of the weights is 0.88 σ.
Touvron, Cord, Douze, Massa, Sablayrolles & Jégou 2020, Training data-efficient image transformers &
distillation through attention, section 6, arXiv:2012.12877.
Differs from the paper: std is 0.05 by default, as for the whole normal distribution here, not 0.02.
Differs from torch: trunc_normal_ cuts at a and b, which are -2 and 2 whatever std is; and it draws anew what
falls outside. Witness: scipy.stats.truncnorm.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    std: Scalar = 0.05


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel)."""
    share = torch.rand(shape, generator=generator, dtype=torch.float32)
    return hyper.std * math.sqrt(2) * torch.erfinv((2 * share - 1) * math.erf(math.sqrt(2)))


CARD = Card(
    summary="normal weights of one fixed scale, without the tails",
    paper="Touvron et al. 2020, arXiv:2012.12877",
    year=2020,
    parent="normal",
    ranges={"std": Range(1e-3, 1.0, log=True)},
    domain={"std": Domain(0.0, open_low=True)},
    torch="torch.nn.init.trunc_normal_(layer.weight, std={std}, a=-2 * {std}, b=2 * {std})",
)
