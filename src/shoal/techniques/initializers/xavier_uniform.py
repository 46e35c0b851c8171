"""Xavier uniform: uniform weights that keep the variance both forward and backward.

    w ~ U(-a, a),   a = √(6 / (fan_in + fan_out))

Made for activations that are linear around 0, such as tanh.
Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, AISTATS.
Differs from the paper: a kernel position counts as a connection; biases are 0.
Witness: torch.nn.init.xavier_uniform_.
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
    fan_in, fan_out = fans(shape)
    bound = math.sqrt(6 / (fan_in + fan_out))
    return torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)


CARD = Card(
    summary="uniform weights that keep the variance forward and backward",
    paper="Glorot & Bengio 2010, AISTATS",
    year=2010,
    parent="lecun_uniform",
    torch="torch.nn.init.xavier_uniform_(layer.weight)",
)
