"""Warm-up, then cosine: the learning rate rises linearly from 0, then falls along half a cosine wave.

    value = p/w                              while p < w
          = f + (1-f)·(1 + cos πq)/2         then, with q = (p-w)/(1-w)

p progress in [0, 1] · w fraction of the training spent on warming up, 0 is none · f final, a fraction of lr.
Warm-up: Goyal et al. 2017, arXiv:1706.02677. Cosine: Loshchilov & Hutter 2016, arXiv:1608.03983.
Differs from the papers: rises from 0, so the very first step moves nothing; one fall, no restarts.
Witness: torch.optim.lr_scheduler.SequentialLR of LinearLR and CosineAnnealingLR.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    fraction: Scalar = 0.05
    final: Scalar = 0.0


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    progress = torch.as_tensor(progress)
    fallen = (progress - hyper.fraction) / (1 - hyper.fraction)
    falling = hyper.final + (1 - hyper.final) * (1 + torch.cos(math.pi * fallen)) / 2
    return torch.where(progress < hyper.fraction, progress / hyper.fraction, falling)


CARD = Card(
    summary="the learning rate rises linearly, then falls along half a cosine wave",
    paper="Goyal et al. 2017, arXiv:1706.02677; Loshchilov & Hutter 2016, arXiv:1608.03983",
    year=2017,
    parent="cosine",
    ranges={"fraction": Range(0.01, 0.2, log=True), "final": Range(0.0, 0.2)},
    domain={"fraction": Domain(0.0, 1.0, open_high=True), "final": Domain(0.0, 1.0)},
    torch=(
        "rising = {fraction} * {steps}\n"
        "falling = lambda step: (1 + math.cos(math.pi * (step - rising) / ({steps} - rising))) / 2\n"
        "scheduler = torch.optim.lr_scheduler.LambdaLR(\n"
        "    optimizer,\n"
        "    lambda step: step / rising if step < rising else {final} + (1 - {final}) * falling(step),\n"
        ")"
    ),
)
