"""Step: the learning rate drops by a factor, again and again after equal parts of the training.

    value = γ^⌊p/s⌋

p progress in [0, 1] · s step_size, a fraction of the training · γ gamma.
He, Zhang, Ren & Sun 2015, Deep residual learning for image recognition, arXiv:1512.03385.
Differs from the paper: it drops at equal distances, as torch's StepLR, there at two chosen moments (a half
and three quarters of the training, by 10). Witness: torch.optim.lr_scheduler.StepLR.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    step_size: Scalar = 0.3
    gamma: Scalar = 0.1


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    drops = torch.as_tensor(progress) / hyper.step_size
    return hyper.gamma ** torch.floor(drops + 1e-6)  # 0.6/0.2 is less than 3 in floating point


CARD = Card(
    summary="the learning rate drops by a factor after equal parts of the training",
    paper="He, Zhang, Ren & Sun 2015, arXiv:1512.03385",
    year=2015,
    parent="constant",
    ranges={"step_size": Range(0.1, 0.5), "gamma": Range(0.05, 0.8, log=True)},
    domain={"step_size": Domain(0.0, 1.0, open_low=True), "gamma": Domain(0.0, 1.0)},
    torch=(
        "scheduler = torch.optim.lr_scheduler.LambdaLR(\n"
        "    optimizer, lambda step: {gamma} ** math.floor(step / ({step_size} * {steps}) + 1e-6)\n"
        ")"
    ),
)
