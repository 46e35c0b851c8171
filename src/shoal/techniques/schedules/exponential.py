"""Exponential: the learning rate falls from 1 to ``final``, by the same factor at every step.

    value = fᵖ

p progress in [0, 1] · f final, a fraction of lr.
Senior, Heigold, Ranzato & Yang 2013, An empirical study of learning rates in deep neural networks for speech
recognition, ICASSP.
Differs from the paper: the fall is given by its end, there by the number of steps in which lr falls to a
tenth. Witness: torch.optim.lr_scheduler.ExponentialLR.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    final: Scalar = 1e-2


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    return hyper.final ** torch.as_tensor(progress)


CARD = Card(
    summary="the learning rate falls by the same factor at every step",
    paper="Senior, Heigold, Ranzato & Yang 2013, ICASSP",
    year=2013,
    parent="constant",
    ranges={"final": Range(1e-4, 0.5, log=True)},
    domain={"final": Domain(0.0, 1.0, open_low=True)},
    torch="scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, {final} ** (1 / {steps}))",
)
