"""Weight noise: each step's gradient is taken at weights with Gaussian noise added.

    the forward pass sees w + σ z,   z ~ N(0, 1) anew at every step

σ std. Weights only; what is no weight stays as it is. Nothing is added after training.
An 1996, The effects of adding noise during backpropagation training on a generalization performance, Neural
Computation 8.
Differs from the paper: one draw a step for the whole batch, not one a row; noise comes from a counter, so a
member's noise is its own in any company. Witness: the noise from plain Python integers and
statistics.NormalDist.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import WEIGHTS, Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "weights"


class Hyper(NamedTuple):
    std: Scalar = 0.01


def apply(
    parameter: Float[Tensor, "*shape"], role: str, key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "*shape"]:
    """One parameter [*shape] with noise from ``key`` (int64); for training only."""
    if role not in WEIGHTS:
        return parameter
    dtype = torch.promote_types(parameter.dtype, torch.float32)
    return parameter + hyper.std * counter_noise.normal(key, parameter.shape, dtype)


CARD = Card(
    summary="takes each step's gradient at weights with Gaussian noise added",
    paper="An 1996, Neural Computation 8",
    year=1996,
    ranges={"std": Range(1e-4, 0.3, log=True)},
    domain={"std": Domain(0.0)},
)
