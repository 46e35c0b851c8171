"""AdaMax: Adam that scales by the largest recent gradient instead of the root mean square.

    m ← β₁m + (1-β₁)g        u ← max(β₂u, |g| + ε)
    change = -η m̂ / u,   m̂ = m/(1-β₁ᵗ)

η lr · β₁ beta1 · β₂ beta2 · ε eps · u largest, 0 before the first step.
Kingma & Ba 2014, Adam: a method for stochastic optimization, section 7.1, arXiv:1412.6980.
Differs from the paper: ε, which torch adds too. For β₁ = 0 and ε → ∞ with η/ε held, it is SGD.
Witness: torch.optim.Adamax.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 2e-3
    beta1: Scalar = 0.9
    beta2: Scalar = 0.999
    eps: Scalar = 1e-8


class State(NamedTuple):
    step: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    largest: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean and largest size, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    largest = torch.maximum(hyper.beta2 * state.largest, seen.gradient.abs() + hyper.eps)
    mean_hat = mean / (1 - hyper.beta1**step)
    return -hyper.lr * mean_hat / largest, State(step, mean, largest)


CARD = Card(
    summary="Adam scaled by the largest recent gradient instead of the root mean square",
    paper="Kingma & Ba 2014, section 7.1, arXiv:1412.6980",
    year=2014,
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
    title="Adamax",
    symmetries=("scale", "sign", "permutation"),
    torch="optimizer = torch.optim.Adamax(model.parameters(), lr={lr}, betas=({beta1}, {beta2}), eps={eps})",
)
