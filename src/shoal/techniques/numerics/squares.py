"""Boxes in images: which pixels stand in a box of given size about a random one.

    center c = ⌊u n⌋ for u ~ U(0, 1) and n pixels;   pixel i is inside where -size/2 ≤ i - c < size/2

A box may reach over the border, where it is cut off. For even sizes these are ``size`` pixels, as in the
authors' code of Cutout and CutMix; for other sizes (all real numbers are legal) the nearest below or above.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def inside(place: Float[Tensor, "*rows"], pixels: int, size: float | Tensor) -> Bool[Tensor, "*rows pixels"]:
    """Which of ``pixels`` on one side are inside, for uniform numbers ``place`` in (0, 1)."""
    offset = torch.arange(pixels, device=place.device) - torch.floor(place * pixels)[..., None]
    return (offset >= -size / 2) & (offset < size / 2)
