"""One cycle: the learning rate rises to 1 and falls far below its start, each along half a cosine wave.

    value = a + (1-a)·(1 - cos πp/w)/2             while p < w,   a = 1/d
          = b + (1-b)·(1 + cos π(p-w)/(1-w))/2     then,          b = a/e

p progress in [0, 1] · w pct_start, the share of the rise · d div_factor · e final_div_factor. lr is the peak.
Smith & Topin 2017, Super-convergence: very fast training of neural networks using large learning rates,
arXiv:1708.07120.
Differs from the paper: half cosine waves, as in torch, there straight lines; momentum is left alone, there
it moves against lr; two phases, there a third one. Witness: torch.optim.lr_scheduler.OneCycleLR.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    pct_start: Scalar = 0.3
    div_factor: Scalar = 25.0
    final_div_factor: Scalar = 1e4


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    progress = torch.as_tensor(progress)
    first = 1 / hyper.div_factor
    last = first / hyper.final_div_factor
    fallen = (progress - hyper.pct_start) / (1 - hyper.pct_start)
    rising = first + (1 - first) * (1 - torch.cos(math.pi * progress / hyper.pct_start)) / 2
    falling = last + (1 - last) * (1 + torch.cos(math.pi * fallen)) / 2
    return torch.where(progress < hyper.pct_start, rising, falling)


CARD = Card(
    summary="the learning rate rises to its peak and falls far below its start",
    paper="Smith & Topin 2017, arXiv:1708.07120",
    year=2017,
    parent="constant",
    ranges={
        "pct_start": Range(0.1, 0.5),
        "div_factor": Range(3.0, 100.0, log=True),
        "final_div_factor": Range(1.0, 1e4, log=True),
    },
    domain={
        "pct_start": Domain(0.0, 1.0, open_high=True),
        "div_factor": Domain(1.0),
        "final_div_factor": Domain(1.0),
    },
    torch=(
        "scheduler = torch.optim.lr_scheduler.OneCycleLR(\n"
        "    optimizer, max_lr={lr}, total_steps={steps} + 1, cycle_momentum=False,\n"
        "    pct_start=({pct_start} * {steps} + 1) / ({steps} + 1),\n"
        "    div_factor={div_factor}, final_div_factor={final_div_factor}\n"
        ")"
    ),
)
