"""Inverse square root: the learning rate rises linearly, then falls as one over the root of the steps.

    value = p/w       while p < w
          = √(w/p)    then

p progress in [0, 1] · w warmup, the share of the training spent on rising. lr is the peak. It never ends:
at the end of the training the value is √w.
Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762.
Differs from the paper: the peak is lr, there 1/√(d_model · warmup_steps); the steps of the warm-up are a
share of all. Witness: the paper's formula (3) in plain floats.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    warmup: Scalar = 0.1


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    progress = torch.as_tensor(progress)
    return torch.where(progress < hyper.warmup, progress / hyper.warmup, (hyper.warmup / progress).sqrt())


CARD = Card(
    summary="the learning rate rises linearly, then falls as one over the root of the steps",
    paper="Vaswani et al. 2017, arXiv:1706.03762",
    year=2017,
    parent="warmup",
    ranges={"warmup": Range(0.01, 0.3, log=True)},
    domain={"warmup": Domain(0.0, 1.0, open_low=True)},
    torch=(
        "rising = {warmup} * {steps}\n"
        "scheduler = torch.optim.lr_scheduler.LambdaLR(\n"
        "    optimizer, lambda step: step / rising if step < rising else (rising / step) ** 0.5\n"
        ")"
    ),
    title="Inverse square root",
)
