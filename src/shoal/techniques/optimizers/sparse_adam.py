"""SparseAdam: Adam that leaves alone, with its moments, every element whose gradient is zero.

    where g ≠ 0:   m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²
                   change = -η m/(1-β₁ᵗ) √(1-β₂ᵗ) / (√v + ε)
    elsewhere:     m and v stay, change = 0

η lr · β₁ beta1 · β₂ beta2 · ε eps · t counts all steps, those without a gradient too. For embeddings, of
which a batch touches few rows: Adam goes on moving the others along their old means.
Kingma & Ba 2014, Adam: a method for stochastic optimization, arXiv:1412.6980; lazy as in torch.
Differs from the paper: being lazy; ε, which torch adds before the correction of v. torch knows the touched
elements by a sparse gradient's layout, so an exact zero that is stored there counts; here it does not. For
β₁ = β₂ = 0 and ε → ∞ with η/ε held, it is SGD. Witness: torch.optim.SparseAdam.
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
    touched = seen.gradient != 0
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    size = hyper.lr * (1 - hyper.beta2**step).sqrt() / (1 - hyper.beta1**step)
    change = torch.where(touched, -size * mean / (square.sqrt() + hyper.eps), 0.0)
    mean = torch.where(touched, mean, state.mean)
    return change, State(step, mean, torch.where(touched, square, state.square))


CARD = Card(
    summary="Adam that leaves alone, with its moments, every element whose gradient is zero",
    paper="Kingma & Ba 2014, arXiv:1412.6980, lazy as in torch",
    year=2014,
    parent="adam",
    title="SparseAdam",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "beta1": Range(0.8, 0.99), "beta2": Range(0.9, 0.9999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0, open_low=True),
    },
    contains=("sgd",),
    symmetries=("scale", "sign", "permutation"),
    state=2,
)
