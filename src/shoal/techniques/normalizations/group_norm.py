"""Group normalization: each group of a row's channels gets mean 0 and variance 1.

    y = (x - m) / √(v + ε),   m, v mean and biased variance over a group's channels and positions
    channel c of C belongs to group ⌊c·G/C⌋

G num_groups · ε eps. One group is layer normalization. A group of a single value is all zeros, so a
perceptron wants at least twice as many units as groups. Training and evaluation are the same.
Wu & He 2018, Group normalization, arXiv:1803.08494.
Differs from the paper: 4 groups instead of 32 by default, because networks here are narrower; groups may be
of unequal size where G does not divide C (torch raises). Witness: torch.nn.functional.group_norm.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain
from shoal.techniques.kinds import Scalar

PLACE = "row"
SHIFT = True


class Hyper(NamedTuple):
    num_groups: Scalar = 4
    eps: Scalar = 1e-5


def apply(
    x: Float[Tensor, "rows channels *positions"], hyper: Hyper
) -> Float[Tensor, "rows channels *positions"]:
    """Normalized ``x``. Groups are found by comparison, so that their number may be a tensor."""
    channels = x.shape[1]
    place = torch.arange(channels, device=x.device, dtype=x.dtype)
    group = (place * hyper.num_groups / channels).floor()
    together = (group[:, None] == group).to(x.dtype)
    share = together / together.sum(1)
    centered = x - _over(share, x)
    return centered * (_over(share, centered**2) + hyper.eps).rsqrt()


def _over(share: Tensor, x: Tensor) -> Tensor:
    """For each channel the mean of ``x`` over its group, [rows, channels, 1, ...]."""
    means = x.flatten(2).mean(2) if x.ndim > 2 else x
    return (means @ share).view(*means.shape, *(1,) * (x.ndim - 2))


CARD = Card(
    summary="each group of a row's channels gets mean 0 and variance 1",
    paper="Wu & He 2018, arXiv:1803.08494",
    year=2018,
    parent="layer_norm",
    domain={"num_groups": Domain(1.0), "eps": Domain(0.0, open_low=True)},
    torch="torch.nn.GroupNorm({num_groups}, {channels}, eps={eps})",
)
