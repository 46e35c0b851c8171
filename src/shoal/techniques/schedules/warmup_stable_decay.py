"""Warm-up, stable, decay: the learning rate rises linearly from 0, stays, and falls linearly at the end.

    value = min(p/w,  1,  f + (1-f)·(1-p)/d)

p progress in [0, 1] · w fraction of the training spent on warming up, 0 is none · d decay, the fraction spent
on falling · f final, a fraction of lr. Where w + d > 1, the fall sets in before the rise has come to 1.
Hu et al. 2024, MiniCPM: unveiling the potential of small language models with scalable training strategies,
arXiv:2404.06395.
Differs from the paper: it falls along a straight line, as in Hägele et al. 2024, arXiv:2405.18392, there
exponentially. With final = 1 it is warmup.
Witness: torch.optim.lr_scheduler.SequentialLR of LinearLR, ConstantLR and LinearLR.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    fraction: Scalar = 0.05
    decay: Scalar = 0.2
    final: Scalar = 0.0


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    progress = torch.as_tensor(progress)
    rising = torch.where(progress < hyper.fraction, progress / hyper.fraction, 1.0)
    left = torch.clamp((1 - progress) / hyper.decay, max=1.0)
    return torch.minimum(rising, hyper.final + (1 - hyper.final) * left)


CARD = Card(
    summary="the learning rate rises, stays, and falls linearly at the end",
    paper="Hu et al. 2024, arXiv:2404.06395",
    year=2024,
    parent="warmup",
    ranges={"fraction": Range(0.01, 0.2, log=True), "decay": Range(0.05, 0.6), "final": Range(0.0, 0.2)},
    domain={
        "fraction": Domain(0.0, 1.0),
        "decay": Domain(0.0, 1.0, open_low=True),
        "final": Domain(0.0, 1.0),
    },
    contains=("warmup",),
    torch=(
        "rising = lambda p: p / {fraction} if p < {fraction} else 1.0\n"
        "falling = lambda p: {final} + (1 - {final}) * min(1.0, (1 - p) / {decay})\n"
        "scheduler = torch.optim.lr_scheduler.LambdaLR(\n"
        "    optimizer, lambda step: min(rising(step / {steps}), falling(step / {steps}))\n"
        ")"
    ),
)
