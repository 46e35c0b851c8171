"""PReLU: what is negative is multiplied by a slope that the network learns, one a layer.

    y = x where x > 0,   a x elsewhere

init the first a. a is no weight: no penalty on weights reaches it.
He, Zhang, Ren & Sun 2015, Delving deep into rectifiers: surpassing human-level performance on ImageNet
classification, arXiv:1502.01852.
Differs from the paper: nothing; of its two forms this is the one shared by all channels, torch's default.
Witness: torch.nn.PReLU.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain
from shoal.techniques.kinds import Scalar

PLACE = "learned"


class Hyper(NamedTuple):
    init: Scalar = 0.25


def init(hyper: Hyper) -> Float[Tensor, "1"]:
    """The first slope, float32 [1]."""
    return torch.ones(1) * hyper.init


def apply(x: Float[Tensor, "*shape"], parameter: Float[Tensor, "1"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element, with the slope ``parameter`` [1]."""
    return torch.where(x > 0, x, parameter * x)


CARD = Card(
    summary="multiplies what is negative by a slope that the network learns",
    paper="He, Zhang, Ren & Sun 2015, arXiv:1502.01852",
    year=2015,
    parent="leaky_relu",
    domain={"init": Domain()},
    torch="torch.nn.PReLU(init={init})",
)
