"""Adan: Adam with Nesterov's look ahead taken from the differences of successive gradients.

    d = g - gₜ₋₁        m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)d        n ← β₃n + (1-β₃)(g + β₂d)²
    θ ← [θ - η (m̂ + β₂v̂) / (√n̂ + ε)] / (1 + ηλ),   m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ),  n̂ = n/(1-β₃ᵗ)

η lr · β₁ beta1 · β₂ beta2 · β₃ beta3 · ε eps · λ weight_decay, proximal: it divides instead of subtracting ·
gₜ₋₁ the gradient before, at the first step g itself.
Xie, Zhou, Li, Lin & Yan 2022, Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models,
arXiv:2208.06677.
Differs from the paper: each β is 1 - β of the paper, as in the authors' program, so that it says how much is
kept; m, v and n start at 0 and are corrected for it, as there. Without restarts. For β₂ = λ = 0 it is Adam.
Witness: optimi.Adan.
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
    beta1: Scalar = 0.98
    beta2: Scalar = 0.92
    beta3: Scalar = 0.99
    eps: Scalar = 1e-8
    weight_decay: Scalar = 0.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    difference: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]
    previous: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean, difference and square, no previous gradient, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros, zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    gradient = seen.gradient.to(state.mean.dtype)
    change = torch.where(step > 1, gradient - state.previous, 0.0)
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * gradient
    difference = hyper.beta2 * state.difference + (1 - hyper.beta2) * change
    square = hyper.beta3 * state.square + (1 - hyper.beta3) * (gradient + hyper.beta2 * change) ** 2
    ahead = mean / (1 - hyper.beta1**step) + difference * (hyper.beta2 / (1 - hyper.beta2**step))
    adaptive = ahead / ((square / (1 - hyper.beta3**step)).sqrt() + hyper.eps)
    shrink = 1 + hyper.lr * hyper.weight_decay
    # θ/(1+ηλ) - θ, written without the difference of nearly equal numbers
    moved = -hyper.lr * (adaptive + hyper.weight_decay * parameter) / shrink
    return moved, State(step, mean, difference, square, gradient)


CARD = Card(
    summary="Adam with Nesterov's look ahead taken from differences of gradients",
    paper="Xie et al. 2022, arXiv:2208.06677",
    year=2022,
    parent="nadam",
    title="Adan",
    ranges={
        "lr": Range(1e-5, 1e-1, log=True),
        "beta1": Range(0.8, 0.99),
        "beta3": Range(0.9, 0.999),
        "weight_decay": Range(1e-4, 1.0, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "beta3": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
        "weight_decay": Domain(0.0),
    },
    contains=("adam", "momentum", "sgd"),
    symmetries=("scale", "sign", "permutation"),
    state=4,
)
