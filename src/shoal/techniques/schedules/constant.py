"""Constant: the learning rate stays what it is.

    value = 1

Rumelhart, Hinton & Williams 1986, Learning representations by back-propagating errors, Nature 323.
Differs from the paper: nothing. Witness: the number 1.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    """Nothing to choose."""


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    return torch.ones_like(torch.as_tensor(progress))


CARD = Card(
    summary="the learning rate stays what it is",
    paper="Rumelhart, Hinton & Williams 1986, Nature 323",
    year=1986,
    torch="scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)",
)
