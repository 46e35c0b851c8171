"""CutMix: a box of each image is replaced by that of another image, and what they aim at is mixed by area.

    box of √(1-λ) · height by √(1-λ) · width about a random pixel,   λ ~ Beta(α, α)
    y ← (1-a) y + a y′,   a the share of the image's pixels inside the box

α alpha, probability that a batch is mixed; x′, y′ another row of the batch. λ, box and distance between
partners are one for the batch. The box may reach over the border, a is what is left of it.
Yun, Han, Oh, Chun, Choe & Yoo 2019, CutMix: regularization strategy to train strong classifiers with
localizable features, arXiv:1905.04899.
Differs from the paper: nothing but that the box's sides are not rounded down first.
Witness: the noise from plain Python integers and the boxes pixel by pixel in plain Python.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import beta, counter_noise, partners, squares

PLACE = "pairs"
INPUTS = "image"


class Hyper(NamedTuple):
    probability: Scalar = 0.5
    alpha: Scalar = 1.0


def apply(
    x: Float[Tensor, "rows *channels height width"],
    target: Float[Tensor, "rows outputs"],
    key: Int[Tensor, ""],
    hyper: Hyper,
) -> tuple[Float[Tensor, "rows *channels height width"], Float[Tensor, "rows outputs"]]:
    """``x`` [rows, channels, height, width] and ``target``, mixed by ``key`` (int64); for training only."""
    height, width = x.shape[-2:]
    noise = counter_noise.uniform(key, (5,), torch.promote_types(x.dtype, torch.float32))
    side = torch.sqrt(1 - beta.symmetric(noise[0], noise[1], hyper.alpha))
    down = squares.inside(noise[2], height, side * height) & (noise[4] < hyper.probability)
    box = down[:, None] & squares.inside(noise[3], width, side * width)
    area = box.sum().to(target.dtype) / (height * width)
    other = partners.of(x, key)
    return torch.where(box, x[other], x), target + area * (target[other] - target)


CARD = Card(
    title="CutMix",
    summary="replaces a box of each image by that of another and mixes what they aim at in training",
    paper="Yun et al. 2019, arXiv:1905.04899",
    year=2019,
    parent="mixup",
    ranges={"probability": Range(0.0, 1.0)},
    domain={"probability": Domain(0.0, 1.0), "alpha": Domain(0.0)},
    torch=(
        "def cutmix(x, y):\n"
        "    if torch.rand(()) >= {probability}:\n"
        "        return x, y\n"
        "    half = (1 - torch.distributions.Beta({alpha}, {alpha}).sample()).sqrt() / 2\n"
        "    sides = [(torch.arange(side) - torch.randint(side, ())) / side for side in x.shape[2:]]\n"
        "    down, across = ((side >= -half) & (side < half) for side in sides)\n"
        "    box, other = down[:, None] & across, torch.randperm(len(x))\n"
        "    return torch.where(box, x[other], x), torch.lerp(y, y[other], box.to(y.dtype).mean())"
    ),
)
