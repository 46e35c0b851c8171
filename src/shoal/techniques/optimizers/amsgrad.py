"""AMSGrad: Adam whose scale never shrinks, so that rare large gradients are not forgotten.

    m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²        w ← max(w, v)
    change = -η m̂ / (√ŵ + ε),   m̂ = m/(1-β₁ᵗ),  ŵ = w/(1-β₂ᵗ)

η lr · β₁ beta1 · β₂ beta2 · ε eps · w largest, 0 before the first step.
Reddi, Kale & Kumar 2018, On the convergence of Adam and beyond, ICLR, arXiv:1904.09237.
Differs from the paper: m and w are corrected for their start at 0, as in torch, and ε. The correction comes
after the maximum, so the scale does shrink in the first steps. For β₁ = 0 and ε → ∞ with η/ε held, it is SGD.
Witness: torch.optim.Adam(amsgrad=True).
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
    largest: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean, square and largest square, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    largest = torch.maximum(state.largest, square)
    mean_hat = mean / (1 - hyper.beta1**step)
    largest_hat = largest / (1 - hyper.beta2**step)
    return -hyper.lr * mean_hat / (largest_hat.sqrt() + hyper.eps), State(step, mean, square, largest)


CARD = Card(
    summary="Adam whose running size of the gradient never shrinks",
    paper="Reddi, Kale & Kumar 2018, ICLR, arXiv:1904.09237",
    year=2018,
    parent="adam",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "beta1": Range(0.8, 0.99), "beta2": Range(0.9, 0.9999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
    },
    contains=("sgd",),
    state=3,
    title="AMSGrad",
    symmetries=("scale", "sign", "permutation"),
    torch=(
        "optimizer = torch.optim.Adam(\n"
        "    model.parameters(), lr={lr}, betas=({beta1}, {beta2}), eps={eps}, amsgrad=True\n"
        ")"
    ),
)
