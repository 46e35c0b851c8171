"""Linear: the learning rate falls from 1 to ``final`` along a straight line.

    value = f + (1-f)·(1-p)

p progress in [0, 1] · f final, a fraction of lr.
Devlin, Chang, Lee & Toutanova 2018, BERT: pre-training of deep bidirectional transformers for language
understanding, arXiv:1810.04805; why to zero: Defazio, Cutkosky, Mehta & Mishchenko 2023, arXiv:2310.07831.
Differs from the paper: no warm-up before it; and ``final``, there 0.
Witness: torch.optim.lr_scheduler.LinearLR.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    final: Scalar = 0.0


def value(progress: Scalar, hyper: Hyper) -> Float[Tensor, ""]:
    """The multiplier of lr at ``progress`` in [0, 1]."""
    return hyper.final + (1 - hyper.final) * (1 - torch.as_tensor(progress))


CARD = Card(
    summary="the learning rate falls along a straight line",
    paper="Devlin, Chang, Lee & Toutanova 2018, arXiv:1810.04805",
    year=2018,
    parent="constant",
    ranges={"final": Range(0.0, 0.2)},
    domain={"final": Domain(0.0, 1.0)},
    torch=(
        "scheduler = torch.optim.lr_scheduler.LinearLR(\n"
        "    optimizer, start_factor=1.0, end_factor={final}, total_iters={steps}\n"
        ")"
    ),
    title="Linear",
)
