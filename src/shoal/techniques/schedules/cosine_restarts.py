"""Cosine with restarts: the learning rate falls along half a cosine wave, several times, each time longer.

    value = f + (1-f)·(1 + cos πu)/2,   u share of the cycle that is done, in [0, 1)
    cycle n = 0 … c-1 has the length mⁿ·t,   t = (m-1)/(mᶜ-1), for m = 1 that is 1/c

f final, a fraction of lr · c cycles, rounded to a whole number · m T_mult. The last cycle ends with the
training, where the value is f.
Loshchilov & Hutter 2016, SGDR: stochastic gradient descent with warm restarts, arXiv:1608.03983.
Differs from the paper: the number of cycles is given, there the length of the first one; so that the
training never ends in the middle of one. With one cycle it is cosine.
Witness: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    cycles: Scalar = 3.0
    T_mult: Scalar = 2.0
    final: Scalar = 0.0


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    progress = torch.as_tensor(progress)
    ones = torch.ones_like(progress)
    cycles = torch.round(hyper.cycles * ones)
    excess = torch.clamp(hyper.T_mult * ones - 1, min=1e-12)  # of lengths that are equal, a limit
    growth = torch.log1p(excess)
    done = progress * torch.expm1(cycles * growth) / excess  # in lengths of the first cycle
    cycle = torch.floor(torch.log1p(done * excess) / growth + 1e-6)  # +: a restart is not missed by rounding
    cycle = torch.minimum(cycle, cycles - 1)
    share = (done - torch.expm1(cycle * growth) / excess) / torch.exp(cycle * growth)
    return hyper.final + (1 - hyper.final) * (1 + torch.cos(math.pi * share)) / 2


CARD = Card(
    summary="the learning rate falls along half a cosine wave, several times",
    paper="Loshchilov & Hutter 2016, arXiv:1608.03983",
    year=2016,
    parent="cosine",
    ranges={"cycles": Range(1, 5), "T_mult": Range(1.0, 3.0), "final": Range(0.0, 0.2)},
    domain={"cycles": Domain(1.0), "T_mult": Domain(1.0), "final": Domain(0.0, 1.0)},
    contains=("cosine",),
    torch=(
        "lengths = [{T_mult}**n for n in range(round({cycles}))]\n"
        "starts = [sum(lengths[:n]) / sum(lengths) for n in range(len(lengths) + 1)]\n"
        "\n"
        "def restarts(step):\n"
        "    n = max(n for n in range(len(lengths)) if starts[n] <= step / {steps} + 1e-9)\n"
        "    share = (step / {steps} - starts[n]) / (starts[n + 1] - starts[n])\n"
        "    return {final} + (1 - {final}) * (1 + math.cos(math.pi * share)) / 2\n"
        "\n"
        "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, restarts)"
    ),
)
