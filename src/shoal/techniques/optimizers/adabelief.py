"""AdaBelief: Adam scaled by how far gradients fall from their running mean, not from zero.

    m ← β₁m + (1-β₁)g        s ← β₂s + (1-β₂)(g - m)² + ε
    change = -η m̂ / (√ŝ + ε),   m̂ = m/(1-β₁ᵗ),  ŝ = s/(1-β₂ᵗ)

η lr · β₁ beta1 · β₂ beta2 · ε eps, added to s at every step: in the end s holds ε/(1-β₂) of it.
Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris & Duncan 2020, AdaBelief optimizer: adapting stepsizes by
the belief in observed gradients, arXiv:2010.07468.
Differs from the paper: nothing; the rectification that the authors' package switches on is left out. For
β₁ = 0 g - m is 0, so that √ŝ = √(ε/(1-β₂)) everywhere, and it is SGD. Witness: pytorch_optimizer.AdaBelief.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-3
    beta1: Scalar = 0.9
    beta2: Scalar = 0.999
    eps: Scalar = 1e-16


class State(NamedTuple):
    step: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    spread: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean and spread, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    surprise = seen.gradient - mean
    spread = hyper.beta2 * state.spread + (1 - hyper.beta2) * surprise**2 + hyper.eps
    mean_hat = mean / (1 - hyper.beta1**step)
    spread_hat = spread / (1 - hyper.beta2**step)
    return -hyper.lr * mean_hat / (spread_hat.sqrt() + hyper.eps), State(step, mean, spread)


CARD = Card(
    summary="Adam scaled by how far gradients fall from their running mean",
    paper="Zhuang et al. 2020, arXiv:2010.07468",
    year=2020,
    parent="adam",
    title="AdaBelief",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "beta1": Range(0.8, 0.99), "beta2": Range(0.9, 0.9999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
    },
    contains=("sgd",),
    symmetries=("scale", "sign", "permutation"),
    state=2,
)
