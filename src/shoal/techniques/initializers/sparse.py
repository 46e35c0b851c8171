"""Sparse: each unit hears only a few of its inputs, strongly; the rest of its weights start at 0.

    w = σ N(0, 1)   for k inputs of each unit, drawn without preference,   else 0

k nonzeros, rounded to a whole number; a unit with fewer inputs hears all · σ std. A unit's total input does
not grow with the width of the layer before.
Martens 2010, Deep learning via Hessian-free optimization, ICML.
Differs from the paper: std is 0.25 by default, near 1/√15, so that linear layers keep the variance; there 1.
Differs from torch: sparse_ has k nonzeros for each input (a column), here as in the paper for each unit (a
row). Witness: torch.nn.init.sparse_ of the transpose.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.errors import UserError
from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    nonzeros: Scalar = 15.0
    std: Scalar = 0.25


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel); a kernel's positions are inputs of their own.

    UserError for fewer than two dimensions.
    """
    if len(shape) < 2:
        raise UserError(
            f"a weight of shape {tuple(shape)} has no inputs to choose: it needs at least (out, in)"
        )
    matrix = (shape[0], math.prod(shape[1:]))
    rank = torch.rand(matrix, generator=generator).argsort(1).argsort(1)
    normal = torch.randn(matrix, generator=generator, dtype=torch.float32)
    count = torch.round(torch.as_tensor(hyper.nonzeros))
    return torch.where(rank < count, hyper.std * normal, 0.0).view(shape)


CARD = Card(
    summary="each unit hears only a few of its inputs, strongly",
    paper="Martens 2010, ICML",
    year=2010,
    parent="lecun_normal",
    ranges={"nonzeros": Range(3, 60, log=True), "std": Range(0.05, 1.0, log=True)},
    domain={"nonzeros": Domain(1.0), "std": Domain(0.0, open_low=True)},
    torch=(
        "torch.nn.init.sparse_(\n"
        "            layer.weight.data.flatten(1).T,\n"
        "            max(0, 1 - ({nonzeros} + 0.5) / layer.weight[0].numel()),\n"
        "            std={std},\n"
        "        )"
    ),
    title="Sparse",
)
