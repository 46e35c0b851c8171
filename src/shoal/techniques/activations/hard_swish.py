"""Hard swish: swish with a sigmoid of three straight pieces, which needs no exponential.

    y = x min(max(x + 3, 0), 6) / 6

Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244.
Differs from the paper: nothing; the slope at -3 is 0, as in torch. Witness: torch.nn.functional.hardswish.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card


class Hyper(NamedTuple):
    """Nothing to choose."""


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    middle = torch.clamp(x, -3.0, 3.0)
    return torch.where(x < 3, torch.where(x > -3, middle * (middle + 3) / 6, 0.0), x)


CARD = Card(
    summary="weighs x by a sigmoid of three straight pieces",
    paper="Howard et al. 2019, arXiv:1905.02244",
    year=2019,
    parent="swish",
    torch="torch.nn.Hardswish()",
    title="Hard swish",
)
