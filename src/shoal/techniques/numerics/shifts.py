"""Images moved by whole pixels, at random and each by itself.

    shift s = round((2p + 1)(u - ½)) for u ~ U(0, 1);   pixel i of the new image is pixel i + s of the old one

p how far at most. For a whole p all shifts from -p to p are equally likely; between two whole numbers only
the outermost ones are rarer, so p may be any number. This is what cutting an image out of a padded one does.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.numerics import counter_noise

Outside = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""Pixels [rows, pixels], which may lie outside of 0 ... pixels-1 → those to read, and what to multiply by."""


def moved(
    x: Float[Tensor, "rows *channels height width"],
    key: Int[Tensor, ""],
    share: float | Tensor,
    outside: Outside,
) -> Float[Tensor, "rows *channels height width"]:
    """Each image of ``x`` moved up or down and to a side by at most ``share`` of its height and width."""
    uniform = counter_noise.uniform(key, (2, x.shape[0]), torch.promote_types(x.dtype, torch.float32))
    rows = torch.arange(x.shape[0], device=x.device)
    for axis, noise in ((-2, uniform[0]), (-1, uniform[1])):
        pixels = x.shape[axis]
        shift = torch.round((2 * share * pixels + 1) * (noise - 0.5)).to(torch.int64)
        source = torch.arange(pixels, device=x.device) + shift[:, None]
        read, factor = outside(source, pixels)
        factor = factor[(slice(None), slice(None), *(None,) * (x.ndim - 2))].to(x.dtype)
        x = (x.movedim(axis, 1)[rows[:, None], read] * factor).movedim(1, axis)
    return x


def zeros(source: Tensor, pixels: int) -> tuple[Tensor, Tensor]:
    """Outside of the image everything is 0."""
    return source.clamp(0, pixels - 1), (source >= 0) & (source < pixels)


def reflection(source: Tensor, pixels: int) -> tuple[Tensor, Tensor]:
    """Outside of the image stands its mirror image, without the border's own pixels once more."""
    mirrored = (pixels - 1 - (pixels - 1 - source.abs()).abs()).clamp(0, pixels - 1)
    return mirrored, torch.ones_like(source)
