"""Cutout: a square of each image is erased.

    x[r] ← 0 inside a square of s pixels about a random pixel of x[r],   s = share · min(height, width)

share share. The square may reach over the border. Zero is the mean color of inputs that are standardized.
DeVries & Taylor 2017, Improved regularization of convolutional neural networks with Cutout, arXiv:1708.04552.
Differs from the paper: nothing for squares of an even number of pixels (there of 16 or 8 of 32), as in the
authors' code; other sizes are the nearest whole number below or above.
Witness: the noise from plain Python integers and the squares of the authors' code in numpy.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise, squares

PLACE = "inputs"
INPUTS = "image"


class Hyper(NamedTuple):
    share: Scalar = 0.25


def apply(
    x: Float[Tensor, "rows *channels height width"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows *channels height width"]:
    """``x`` [rows, channels, height, width] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, (2, x.shape[0]), torch.promote_types(x.dtype, torch.float32))
    size = hyper.share * min(x.shape[-2:])
    down, across = (squares.inside(noise[side], x.shape[side - 2], size) for side in (0, 1))
    erased = down[:, :, None] & across[:, None, :]
    return torch.where(erased.view(x.shape[0], *(1,) * (x.ndim - 3), *x.shape[-2:]), 0.0, x)


CARD = Card(
    summary="erases a square of each image in training",
    paper="DeVries & Taylor 2017, arXiv:1708.04552",
    year=2017,
    ranges={"share": Range(0.1, 0.6)},
    domain={"share": Domain(0.0, 2.0)},
    torch=(
        "def cutout(x):\n"
        "    half, near = {share} * min(x.shape[2:]) / 2, []\n"
        "    for side in x.shape[2:]:\n"
        "        away = torch.arange(side) - torch.randint(side, (len(x), 1))\n"
        "        near.append((away >= -half) & (away < half))\n"
        "    return x * ~(near[0][:, None, :, None] & near[1][:, None, None, :])"
    ),
)
