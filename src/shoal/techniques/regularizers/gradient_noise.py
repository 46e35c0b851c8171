"""Gradient noise: Gaussian noise is added to each step's gradient, less and less of it.

    g ← g + σ_t z,   z ~ N(0, 1) anew for each parameter and step,   σ_t² = η / (1 + t)^γ

η eta · γ gamma · t steps done so far (0 at the first).
Neelakantan, Vilnis, Le, Sutskever, Kaiser, Kurach & Martens 2015, Adding gradient noise improves learning for
very deep networks, arXiv:1511.06807.
Differs from the paper: nothing; noise comes from a counter, so a member's noise is its own in any company.
Beside clip_norm the gradient is clipped first, so the noise is never shortened.
Witness: the noise from plain Python integers and statistics.NormalDist, the variance in plain floats.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "gradient"


class Hyper(NamedTuple):
    eta: Scalar = 0.01
    gamma: Scalar = 0.55


def apply(
    gradient: Float[Tensor, " parameters"], key: Int[Tensor, ""], step: Float[Tensor, ""], hyper: Hyper
) -> Float[Tensor, " parameters"]:
    """The gradient of all parameters [parameters] with noise from ``key`` (int64), after ``step`` steps."""
    std = (hyper.eta * (1 + step) ** -hyper.gamma) ** 0.5
    noise = counter_noise.normal(key, gradient.shape, torch.promote_types(gradient.dtype, torch.float32))
    return gradient + (std * noise).to(gradient.dtype)


CARD = Card(
    title="Gradient noise",
    summary="adds Gaussian noise to each step's gradient, less and less of it",
    paper="Neelakantan et al. 2015, arXiv:1511.06807",
    year=2015,
    parent="weight_noise",
    ranges={"eta": Range(1e-4, 1.0, log=True)},
    domain={"eta": Domain(0.0), "gamma": Domain(0.0)},
    torch=(
        "std = ({eta} / (1 + step) ** {gamma}) ** 0.5  # steps counted from 0\n"
        "for p in [p for p in model.parameters() if p.grad is not None]:\n"
        "    p.grad.add_(std * torch.randn_like(p))"
    ),
)
