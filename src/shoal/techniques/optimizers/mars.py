"""MARS: AdamW on gradients corrected by how they changed, which takes out part of their noise.

    c = g + γ β₁/(1-β₁) (g - gₜ₋₁),   c ← c / max(1, ‖c‖)
    m ← β₁m + (1-β₁)c        v ← β₂v + (1-β₂)c²
    change = -η [m̂ / (√v̂ + ε) + λθ],   m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ)

η lr · β₁ beta1 · β₂ beta2 · γ gamma · ε eps · λ weight_decay · gₜ₋₁ the gradient before, at the first step 0.
Yuan, Liu, Wu, Zhou & Gu 2024, MARS: unleashing the power of variance reduction for training large models,
arXiv:2411.10438.
Differs from the paper: this is its MARS-AdamW in the approximate form: gₜ₋₁ is what the last step saw, and
not the last weights' gradient on this batch, which costs a second evaluation. As in the authors' program ‖c‖
is of each parameter by itself, in the text of all together. By default that program gives vectors to AdamW;
here a split by role does, ``matrix-head-embedding:mars|adamw``.
Witness: the algorithm in plain floats, pytorch_optimizer.MARS without ε.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 3e-3
    beta1: Scalar = 0.95
    beta2: Scalar = 0.99
    gamma: Scalar = 0.025
    eps: Scalar = 1e-8
    weight_decay: Scalar = 0.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]
    previous: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean, square and previous gradient, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    gradient = seen.gradient.to(state.mean.dtype)
    corrected = gradient + hyper.gamma * hyper.beta1 / (1 - hyper.beta1) * (gradient - state.previous)
    corrected = corrected / (corrected**2).sum().sqrt().clamp(min=1.0)
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * corrected
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * corrected**2
    mean_hat = mean / (1 - hyper.beta1**step)
    adaptive = mean_hat / ((square / (1 - hyper.beta2**step)).sqrt() + hyper.eps)
    change = -hyper.lr * (adaptive + hyper.weight_decay * parameter)
    return change, State(step, mean, square, gradient)


CARD = Card(
    summary="gradients corrected by how they changed since the last step, given to AdamW",
    paper="Yuan et al. 2024, arXiv:2411.10438",
    year=2024,
    parent="adamw",
    title="MARS",
    ranges={
        "lr": Range(1e-5, 1e-1, log=True),
        "beta1": Range(0.8, 0.99),
        "beta2": Range(0.9, 0.999),
        "gamma": Range(0.005, 0.1, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "gamma": Domain(0.0),
        "eps": Domain(0.0),
        "weight_decay": Domain(0.0),
    },
    scope="tensor",
    symmetries=("sign", "permutation"),
    state=3,
)
