"""Adam-HD: Adam whose learning rate follows its own gradient.

    δ ← δ + β g·u'        m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²
    change = -(η + δ) u,   u = m̂ / (√v̂ + ε),  m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ)

η lr · β hypergrad_lr · δ what the rate has learned, 0 at the start · u' the u of the step before, 0 at the
start · g·u' the sum over all parameters of the network: one learning rate for all · β₁ beta1 ·
β₂ beta2 · ε eps.
Baydin et al. 2017, Online learning rate adaptation with hypergradient descent, arXiv:1703.04782.
Differs from the paper: a schedule scales η, the rate at which it starts, and not δ; without one nothing
differs. Nothing guards the rate: it turns negative, and the rule climbs, when gradients point against the
steps before them for long or by much (β too large for the size of g). Witness: the paper's algorithm in
plain floats.
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
    hypergrad_lr: Scalar = 1e-7


class State(NamedTuple):
    step: Float[Tensor, ""]
    offset: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean and square, nothing learned, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros.new_zeros(()), zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, all of the member's, and the state after it."""
    along = (seen.gradient * _direction(state, hyper)).sum()
    # at step 0 the direction is 0/0
    offset = torch.where(state.step > 0, state.offset + hyper.hypergrad_lr * along, state.offset)
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    state = State(state.step + 1, offset, mean, square)
    return -(hyper.lr + offset) * _direction(state, hyper), state


def _direction(state: State, hyper: Hyper) -> Tensor:
    """Adam's step for a learning rate of -1."""
    mean_hat = state.mean / (1 - hyper.beta1**state.step)
    square_hat = state.square / (1 - hyper.beta2**state.step)
    return mean_hat / (square_hat.sqrt() + hyper.eps)


CARD = Card(
    summary="Adam whose learning rate follows its own gradient",
    paper="Baydin et al. 2017, arXiv:1703.04782",
    year=2017,
    parent="adam",
    ranges={
        "lr": Range(1e-5, 1e-1, log=True),
        "beta1": Range(0.8, 0.99),
        "beta2": Range(0.9, 0.9999),
        "hypergrad_lr": Range(1e-9, 1e-4, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
        "hypergrad_lr": Domain(0.0),
    },
    scope="member",
    contains=("adam", "momentum", "sgd"),
    state=2,
    title="AdamHD",
    symmetries=("sign", "permutation"),
)
