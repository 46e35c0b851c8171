"""Zero residual: every residual branch starts as nothing, so that a deep network starts as a shallow one.

    x ← x + α f(x),   α = 0 at first and learned, one a branch;   f's weights ~ N(0, 2/fan_in)

A weight of zero in the branch itself would not do: a ReLU behind it has no slope there, and never learns. So
the network has the scales α as parameters beside its own (role "norm"). Only for networks with residual
branches.
Bachlechner, Majumder, Mao, Cottrell & McAuley 2020, ReZero is all you need: fast convergence at large depth,
arXiv:2003.04887; with normalization it is SkipInit, De & Smith 2020, arXiv:2002.10444.
Differs from the papers: nothing; the other weights are He's, where ReZero leaves them open. Witness: torch
modules with a parameter of zero.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card
from shoal.techniques.numerics.fans import fans


class Hyper(NamedTuple):
    """Nothing to choose."""


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel)."""
    fan_in, _ = fans(shape)
    return torch.empty(shape, dtype=torch.float32).normal_(0, math.sqrt(2 / fan_in), generator=generator)


def first_scale(hyper: Hyper) -> Float[Tensor, "1"]:
    """What a residual branch is multiplied by at first, float32 [1]."""
    return torch.zeros(1)


CARD = Card(
    summary="residual branches start as nothing, times a learned scale of 0",
    paper="Bachlechner, Majumder, Mao, Cottrell & McAuley 2020, arXiv:2003.04887",
    year=2020,
    parent="he_normal",
    title="ReZero",
)
