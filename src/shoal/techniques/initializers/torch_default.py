"""torch's default: what nn.Linear and nn.Conv2d draw when nobody asks for anything else.

    w ~ U(-a, a),   b ~ U(-a, a),   a = 1 / √fan_in

The distribution is LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, but for a constant: there the
variance is 1 / fan_in, here 1 / (3 fan_in). torch writes it as kaiming_uniform_(a=√5).
Differs from torch: nothing. Witness: torch.nn.init.kaiming_uniform_, nn.Linear, nn.Conv2d.
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
    return _uniform(shape, fan_in, generator)


def draw_bias(
    shape: tuple[int, ...], fan_in: int, generator: torch.Generator, hyper: Hyper
) -> Float[Tensor, "..."]:
    """A float32 bias of ``shape`` for a layer with ``fan_in`` inputs to each unit."""
    return _uniform(shape, fan_in, generator)


def _uniform(shape: tuple[int, ...], fan_in: int, generator: torch.Generator) -> Tensor:
    bound = 1 / math.sqrt(fan_in)
    return torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)


CARD = Card(
    summary="what nn.Linear and nn.Conv2d draw by default",
    paper="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp; the constant is torch's",
    year=1998,
    parent="lecun_uniform",
    torch="layer.reset_parameters()",
)
