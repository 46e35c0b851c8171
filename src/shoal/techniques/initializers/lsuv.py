"""LSUV: a random rotation, scaled layer after layer until what the layer puts out has variance 1.

    W ← W / √Var(output)   on a first batch of training rows, from the first layer to the last

Var is that of all numbers a linear map or convolution puts out, over rows, units and positions: before its
normalization and activation. A layer that puts out nothing but one number keeps its rotation.
Mishkin & Matas 2015, All you need is a good init, arXiv:1511.06422.
Differs from the paper: one division a layer, there repeated until |Var - 1| < 0.1; with biases of 0 the
output is linear in W, so one is exact. Witness: the paper's algorithm 1 in plain torch.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card
from shoal.techniques.numerics.rotation import rotation


class Hyper(NamedTuple):
    """Nothing to choose."""


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel); UserError for fewer than two dimensions."""
    return rotation(shape, generator)


def calibrate(
    weight: Float[Tensor, "..."], output: Float[Tensor, "rows *shape"], hyper: Hyper
) -> Float[Tensor, "..."]:
    """``weight`` scaled so that ``output``, which is linear in it, gets variance 1."""
    variance = output.var(correction=0)
    return torch.where(variance > 0, weight / variance.sqrt(), weight)


CARD = Card(
    summary="a random rotation, scaled until each layer puts out variance 1",
    paper="Mishkin & Matas 2015, arXiv:1511.06422",
    year=2015,
    parent="orthogonal",
    title="LSUV",
)
