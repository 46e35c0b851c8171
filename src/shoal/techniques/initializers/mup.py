"""muP: He's normal weights, and a head whose weights shrink with its inputs twice as fast.

    w ~ N(0, 2 / fan_in)        head: w ~ N(0, base / fan_in²)

base the width at which the head is drawn as LeCun's normal weights are.
Yang et al. 2022, Tensor Programs V: tuning large neural networks via zero-shot hyperparameter transfer,
arXiv:2203.03466, table 3. The link mup_lr makes the changes scale as well: optimizer=adam+mup_lr.
Differs from the paper: its variances are known up to constants, which are He's and LeCun's here.
Witness: table 3 in plain floats.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics.fans import fans


class Hyper(NamedTuple):
    base: Scalar = 64.0


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel)."""
    return _normal(shape, math.sqrt(2 / fans(shape)[0]), generator)


def draw_head(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """The float32 weight of ``shape`` (out, in) of the network's last linear map."""
    return (
        hyper.base**0.5
        / fans(shape)[0]
        * torch.empty(shape, dtype=torch.float32).normal_(generator=generator)
    )


def _normal(shape: tuple[int, ...], std: float, generator: torch.Generator) -> Tensor:
    return torch.empty(shape, dtype=torch.float32).normal_(0, std, generator=generator)


CARD = Card(
    summary="normal weights, those of the head shrinking with its width: one lr for all widths",
    paper="Yang et al. 2022, arXiv:2203.03466",
    year=2022,
    parent="he_normal",
    domain={"base": Domain(0.0, open_low=True)},
    title="muP",
)
