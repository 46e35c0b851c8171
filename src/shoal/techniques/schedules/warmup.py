"""Warm-up: the learning rate rises linearly from 0 over a fraction of the training, then stays.

    value = p/w  while p < w,  then 1

p progress in [0, 1] · w fraction of the training spent on warming up; 0 is no warm-up.
Goyal et al. 2017, Accurate, large minibatch SGD: training ImageNet in 1 hour, arXiv:1706.02677.
Differs from the paper: it rises from 0, there from the learning rate of one worker; so the very first step
moves nothing. Witness: numpy.interp, torch.optim.lr_scheduler.LinearLR.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    fraction: Scalar = 0.05


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    progress = torch.as_tensor(progress)
    return torch.where(progress < hyper.fraction, progress / hyper.fraction, 1.0)


CARD = Card(
    summary="the learning rate rises linearly, then stays",
    paper="Goyal et al. 2017, arXiv:1706.02677",
    year=2017,
    parent="constant",
    ranges={"fraction": Range(0.01, 0.2, log=True)},
    domain={"fraction": Domain(0.0, 1.0)},
    torch=(
        "scheduler = torch.optim.lr_scheduler.LambdaLR(\n"
        "    optimizer, lambda step: step / ({fraction} * {steps}) if step < {fraction} * {steps} else 1.0\n"
        ")"
    ),
)
