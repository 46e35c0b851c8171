"""RMS normalization: each row is divided by its root mean square.

    y = x / √(mean x² + ε),   the mean over one row's channels and positions

ε eps. Only a scale follows, no shift. Training and evaluation are the same; rows do not see each other.
Zhang & Sennrich 2019, Root mean square layer normalization, arXiv:1910.07467.
Differs from the paper: eps, as in torch, whose default is the dtype's resolution. For images the scale is one
a channel, where torch.nn.RMSNorm learns one for each position. Witness: torch.nn.RMSNorm.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain
from shoal.techniques.kinds import Scalar

PLACE = "row"
SHIFT = False


class Hyper(NamedTuple):
    eps: Scalar = 1e-5


def apply(
    x: Float[Tensor, "rows channels *positions"], hyper: Hyper
) -> Float[Tensor, "rows channels *positions"]:
    """Normalized ``x``."""
    return x * ((x**2).mean(tuple(range(1, x.ndim)), keepdim=True) + hyper.eps).rsqrt()


CARD = Card(
    summary="each row is divided by its root mean square",
    paper="Zhang & Sennrich 2019, arXiv:1910.07467",
    year=2019,
    parent="layer_norm",
    domain={"eps": Domain(0.0, open_low=True)},
    torch="torch.nn.RMSNorm({channels}, eps={eps})",
)
