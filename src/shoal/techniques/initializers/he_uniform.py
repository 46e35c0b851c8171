"""He uniform: uniform weights that keep the variance forward through ReLU layers.

    w ~ U(-a, a),   a = √(6 / fan_in)

The factor 2 in the variance 2 / fan_in makes up for the half that ReLU cuts.
He, Zhang, Ren & Sun 2015, Delving deep into rectifiers, arXiv:1502.01852.
Differs from the paper: uniform, there normal, of the same variance. Witness: torch.nn.init.kaiming_uniform_.
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
    bound = math.sqrt(6 / fan_in)
    return torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)


CARD = Card(
    summary="uniform weights that keep the variance through ReLU layers",
    paper="He, Zhang, Ren & Sun 2015, arXiv:1502.01852",
    year=2015,
    parent="he_normal",
    torch="torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity='relu')",
)
