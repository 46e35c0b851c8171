"""Cosine: the learning rate falls from 1 to ``final`` along half a cosine wave.

    value = f + (1-f)·(1 + cos πp)/2

p progress in [0, 1] · f final, a fraction of lr.
Loshchilov & Hutter 2016, SGDR: stochastic gradient descent with warm restarts, arXiv:1608.03983.
Differs from the paper: one fall over the whole training, no restarts.
Witness: torch.optim.lr_scheduler.CosineAnnealingLR.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    final: Scalar = 0.0


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    wave = (1 + torch.cos(math.pi * torch.as_tensor(progress))) / 2
    return hyper.final + (1 - hyper.final) * wave


CARD = Card(
    summary="the learning rate falls along half a cosine wave",
    paper="Loshchilov & Hutter 2016, arXiv:1608.03983",
    year=2016,
    parent="constant",
    ranges={"final": Range(0.0, 0.2)},
    domain={"final": Domain(0.0, 1.0)},
    torch=(
        "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max={steps}, "
        "eta_min={final} * {lr})"
    ),
)
