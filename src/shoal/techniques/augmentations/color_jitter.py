"""Color jitter: brightness, contrast and saturation of each image change at random.

    x ← x + b            b ~ U(-brightness, brightness)
    x ← m + c (x - m)    c ~ U(1-contrast, 1+contrast),        m the mean over all pixels and channels
    x ← g + s (x - g)    s ~ U(1-saturation, 1+saturation),    g each pixel's mean over the channels

in this order, with numbers of their own for each row and step. Gray images have no saturation.
Howard 2013, Some improvements on deep convolutional neural network based image classification,
arXiv:1312.5402.
Differs from the paper: brightness is added, in units of the prepared inputs, because those are standardized
and have no black to multiply from; gray is the plain mean of the channels, not a weighted one; nothing is cut
off at black and white; the order is fixed, there it is random.
Witness: the noise from plain Python integers and the formulas in numpy.
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
    brightness: Scalar = 0.2
    contrast: Scalar = 0.2
    saturation: Scalar = 0.2


def apply(
    x: Float[Tensor, "rows channels height width"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows channels height width"]:
    """``x`` [rows, channels, height, width] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, (3, x.shape[0], 1, 1, 1), torch.promote_types(x.dtype, torch.float32))
    brightness, contrast, saturation = (2 * noise - 1).to(x.dtype).unbind(0)
    x = x + hyper.brightness * brightness
    x = x + hyper.contrast * contrast * (x - x.mean((1, 2, 3), keepdim=True))
    return x + hyper.saturation * saturation * (x - x.mean(1, keepdim=True))


CARD = Card(
    title="Color jitter",
    summary="changes brightness, contrast and saturation of each image at random in training",
    paper="Howard 2013, arXiv:1312.5402",
    year=2013,
    ranges={
        "brightness": Range(0.0, 1.0),
        "contrast": Range(0.0, 0.8),
        "saturation": Range(0.0, 0.8),
    },
    domain={
        "brightness": Domain(0.0),
        "contrast": Domain(0.0, 1.0),
        "saturation": Domain(0.0, 1.0),
    },
    torch=(
        "def color_jitter(x):\n"
        "    light, contrast, color = 2 * torch.rand(3, len(x), 1, 1, 1).to(x.dtype) - 1\n"
        "    x = x + {brightness} * light\n"
        "    x = x + {contrast} * contrast * (x - x.mean((1, 2, 3), keepdim=True))\n"
        "    return x + {saturation} * color * (x - x.mean(1, keepdim=True))"
    ),
)
