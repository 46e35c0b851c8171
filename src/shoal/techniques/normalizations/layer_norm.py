"""Layer normalization: each row gets mean 0 and variance 1 over its channels and positions.

    y = (x - m) / √(v + ε),   m, v mean and biased variance over one row

ε eps. Training and evaluation are the same; rows do not see each other.
Ba, Kiros & Hinton 2016, Layer normalization, arXiv:1607.06450.
Differs from the paper: nothing. For images scale and shift are one a channel (torch.nn.GroupNorm of one
group), where torch.nn.LayerNorm learns one for each position. Witness: torch.nn.LayerNorm.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain
from shoal.techniques.kinds import Scalar

PLACE = "row"
SHIFT = True


class Hyper(NamedTuple):
    eps: Scalar = 1e-5


def apply(
    x: Float[Tensor, "rows channels *positions"], hyper: Hyper
) -> Float[Tensor, "rows channels *positions"]:
    """Normalized ``x``."""
    over = tuple(range(1, x.ndim))
    centered = x - x.mean(over, keepdim=True)
    return centered * ((centered**2).mean(over, keepdim=True) + hyper.eps).rsqrt()


CARD = Card(
    summary="each row gets mean 0 and variance 1 over its channels",
    paper="Ba, Kiros & Hinton 2016, arXiv:1607.06450",
    year=2016,
    parent="batch_norm",
    domain={"eps": Domain(0.0, open_low=True)},
    torch="torch.nn.LayerNorm({channels}, eps={eps})",
)
