"""Input noise: Gaussian noise is added to the inputs at each training step.

    x ← x + σ z,   z ~ N(0, 1) anew for each number, row and step

σ std, in units of the prepared inputs (the numbers of tables are standardized). For small σ and squared
errors it is to second order a penalty on the network's slope, σ² ‖∂f/∂x‖² (Tikhonov's).
Bishop 1995, Training with noise is equivalent to Tikhonov regularization, Neural Computation 7.
Differs from the paper: nothing; noise comes from a counter, so a member's noise is its own in any company.
Witness: the noise from plain Python integers and statistics.NormalDist, a descent in plain floats.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "inputs"
INPUTS = "numbers"


class Hyper(NamedTuple):
    std: Scalar = 0.1


def apply(
    x: Float[Tensor, "rows *features"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows *features"]:
    """``x`` [rows, *features] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.normal(key, x.shape, torch.promote_types(x.dtype, torch.float32))
    return x + (hyper.std * noise).to(x.dtype)


CARD = Card(
    title="Input noise",
    summary="adds Gaussian noise to the inputs in training",
    paper="Bishop 1995, Neural Computation 7",
    year=1995,
    ranges={"std": Range(0.01, 1.0, log=True)},
    domain={"std": Domain(0.0)},
    torch="input_noise = lambda x: x + {std} * torch.randn_like(x)",
)
