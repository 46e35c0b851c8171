"""Weight normalization: a unit's weights are a direction, of any length, times a length that is learned.

    w_u = g_u v_u / ‖v_u‖   for the weights w_u into each unit u (or output channel)

v direction · g length. Hidden layers only; biases and the head stay as they are. Training begins at the
weights that were drawn: v is drawn, g = ‖v‖.
Salimans & Kingma 2016, Weight normalization: a simple reparameterization to accelerate training of deep
neural networks, arXiv:1602.07868.
Differs from the paper: no initialization of g and b from data. A unit with v = 0 has weights and gradients 0
(torch: NaN). Penalties and noise on weights act on v. Witness: torch.nn.utils.parametrizations.weight_norm.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card

PLACE = "weight"


class Hyper(NamedTuple):
    """Nothing to choose."""


def init(direction: Float[Tensor, "outputs *inputs"], hyper: Hyper) -> Float[Tensor, " outputs"]:
    """The length [outputs] of what was drawn."""
    return (direction**2).flatten(1).sum(1).sqrt()


def apply(
    direction: Float[Tensor, "outputs *inputs"], length: Float[Tensor, " outputs"], hyper: Hyper
) -> Float[Tensor, "outputs *inputs"]:
    """The weight [outputs, *inputs] from its direction and length [outputs]."""
    square = (direction**2).flatten(1).sum(1)
    norm = torch.where(square > 0, square, 1.0).sqrt()
    return direction * (length / norm).view(-1, *(1,) * (direction.ndim - 1))


CARD = Card(
    title="Weight normalization",
    summary="a unit's weights are a direction times a length, both learned",
    paper="Salimans & Kingma 2016, arXiv:1602.07868",
    year=2016,
    parent="batch_norm",
    scope="tensor",
    torch=(
        "layers = [one for one in model.modules() if isinstance(one, torch.nn.Linear | torch.nn.Conv2d)]\n"
        "for layer in layers[:-1]:\n"
        "    torch.nn.utils.parametrizations.weight_norm(layer)"
    ),
)
