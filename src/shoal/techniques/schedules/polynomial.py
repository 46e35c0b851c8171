"""Polynomial: the learning rate falls from 1 to ``final`` along a power of what remains of the training.

    value = f + (1-f)·(1-p)ᵏ

p progress in [0, 1] · k power, 1 is a straight line · f final, a fraction of lr.
Chen, Papandreou, Kokkinos, Murphy & Yuille 2016, DeepLab: semantic image segmentation with deep
convolutional nets, atrous convolution, and fully connected CRFs, arXiv:1606.00915.
Differs from the paper: power is 1 by default, as in torch, there 0.9; and ``final``, there 0.
Witness: torch.optim.lr_scheduler.PolynomialLR, and LinearLR where final is not 0.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    power: Scalar = 1.0
    final: Scalar = 0.0


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    return hyper.final + (1 - hyper.final) * (1 - torch.as_tensor(progress)) ** hyper.power


CARD = Card(
    summary="the learning rate falls along a power of what remains of the training",
    paper="Chen et al. 2016, arXiv:1606.00915",
    year=2016,
    parent="constant",
    ranges={"power": Range(0.5, 3.0, log=True), "final": Range(0.0, 0.2)},
    domain={"power": Domain(0.0, open_low=True), "final": Domain(0.0, 1.0)},
    torch=(
        "scheduler = torch.optim.lr_scheduler.LambdaLR(\n"
        "    optimizer, lambda step: {final} + (1 - {final}) * (1 - step / {steps}) ** {power}\n"
        ")"
    ),
)
