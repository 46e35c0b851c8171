"""Flip: images are mirrored left to right at random.

    x[r] ← x[r] mirrored where u_r < p,   u_r ~ U(0, 1) anew for each row and step

p probability. For images that mean the same in a mirror: letters and digits do not.
Krizhevsky, Sutskever & Hinton 2012, ImageNet classification with deep convolutional neural networks, NeurIPS.
Differs from the paper: nothing; there the probability is a half.
Witness: the noise from plain Python integers and numpy's flip.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "inputs"
INPUTS = "image"


class Hyper(NamedTuple):
    probability: Scalar = 0.5


def apply(
    x: Float[Tensor, "rows *channels height width"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows *channels height width"]:
    """``x`` [rows, channels, height, width] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, (x.shape[0],), torch.promote_types(x.dtype, torch.float32))
    turned = (noise < hyper.probability).view(-1, *(1,) * (x.ndim - 1))
    return torch.where(turned, x.flip(-1), x)


CARD = Card(
    title="Horizontal flip",
    summary="mirrors images left to right at random in training",
    paper="Krizhevsky et al. 2012, NeurIPS",
    year=2012,
    ranges={"probability": Range(0.0, 0.5)},
    domain={"probability": Domain(0.0, 1.0)},
    torch="flip = lambda x: torch.where(torch.rand(len(x), 1, 1, 1) < {probability}, x.flip(-1), x)",
)
