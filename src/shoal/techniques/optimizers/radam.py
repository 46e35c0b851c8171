"""RAdam: Adam that trusts its scaling only as far as it has seen enough gradients to know it.

    m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²        m̂ = m/(1-β₁ᵗ)
    ρ∞ = 2/(1-β₂) - 1,   ρ = ρ∞ - 2tβ₂ᵗ/(1-β₂ᵗ)        gradients that v averages over, in the end and now
    change = -η r m̂ √(1-β₂ᵗ) / (√v + ε)   while ρ > 5,   r² = (ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ)
           = -η m̂                         otherwise

η lr · β₁ beta1 · β₂ beta2 · ε eps.
Liu, Jiang, He, Chen, Liu, Gao & Han 2019, On the variance of the adaptive learning rate and beyond,
arXiv:1908.03265.
Differs from the paper: the threshold is 5, as in torch and the authors' program, in the text 4; ε, which
torch adds before the correction of v. For β₁ = 0 and β₂ ≤ 2/3 the threshold is never passed, and it is SGD.
Witness: torch.optim.RAdam.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-3
    beta1: Scalar = 0.9
    beta2: Scalar = 0.999
    eps: Scalar = 1e-8


class State(NamedTuple):
    step: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean and square, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    mean_hat = mean / (1 - hyper.beta1**step)
    correction = 1 - hyper.beta2**step
    rectified = _rectification(step, hyper.beta2).to(square.dtype)
    scale = torch.where(rectified > 0, rectified * correction.sqrt() / (square.sqrt() + hyper.eps), 1.0)
    return -hyper.lr * mean_hat * scale, State(step, mean, square)


def _rectification(step: Float[Tensor, ""], beta2: Scalar) -> Float[Tensor, ""]:
    """r of the formula, and 0 where ρ ≤ 5, in float64: in float32 the difference of ρ is off by percents."""
    step = step.double()
    beta2 = beta2 * torch.ones_like(step)
    power = beta2**step
    final = 2 / (1 - beta2) - 1
    length = final - 2 * step * power / (1 - power)
    square = (length - 4) * (length - 2) * final / ((final - 4) * (final - 2) * length)
    return torch.where(length > 5, square, 0.0).sqrt()


CARD = Card(
    summary="Adam rectified while too few gradients are known to scale by",
    paper="Liu et al. 2019, arXiv:1908.03265",
    year=2019,
    parent="adam",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "beta1": Range(0.8, 0.99), "beta2": Range(0.9, 0.9999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
    },
    contains=("sgd",),
    state=2,
    title="RAdam",
    symmetries=("sign", "permutation"),
    torch="optimizer = torch.optim.RAdam(model.parameters(), lr={lr}, betas=({beta1}, {beta2}), eps={eps})",
)
