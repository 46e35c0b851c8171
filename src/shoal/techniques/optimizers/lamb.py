"""LAMB: Adam, with each parameter tensor's step made as long as lr times the tensor itself.

    m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²        u = m̂ / (√v̂ + ε) + λθ
    change = -η (‖θ‖/‖u‖) u,   m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ)

η lr · β₁ beta1 · β₂ beta2 · ε eps · λ weight_decay · θ one parameter tensor before the step · ‖·‖ its
Euclidean norm. Where ‖θ‖ or ‖u‖ is 0 the trust ratio ‖θ‖/‖u‖ is 1, so a bias of zeros starts as in AdamW.
You et al. 2019, Large batch optimization for deep learning: training BERT in 76 minutes, arXiv:1904.00962,
algorithm 2.
Differs from the paper: its scaling function φ is the identity; the paper also allows φ to clip ‖θ‖ to [γₗ,
γᵤ], which we never do. Every tensor is scaled and decayed, biases too. Witness: algorithm 2 in plain floats.
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
    eps: Scalar = 1e-6
    weight_decay: Scalar = 1e-2


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
    """The change to add to ``parameter``, one tensor of the network, and the state after it."""
    step = state.step + 1
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    mean_hat = mean / (1 - hyper.beta1**step)
    square_hat = square / (1 - hyper.beta2**step)
    direction = mean_hat / (square_hat.sqrt() + hyper.eps) + hyper.weight_decay * parameter
    size = torch.linalg.vector_norm(parameter, dtype=mean.dtype)
    length = torch.linalg.vector_norm(direction, dtype=mean.dtype)
    trust_ratio = torch.where((size > 0) & (length > 0), size / length, 1.0)
    return -hyper.lr * trust_ratio * direction, State(step, mean, square)


CARD = Card(
    summary="Adam with each tensor's step as long as lr times the tensor",
    paper="You et al. 2019, arXiv:1904.00962",
    year=2019,
    parent="adamw",
    ranges={
        "lr": Range(1e-4, 1e-1, log=True),
        "beta1": Range(0.8, 0.99),
        "beta2": Range(0.9, 0.9999),
        "weight_decay": Range(1e-4, 1.0, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
        "weight_decay": Domain(0.0),
    },
    scope="tensor",
    state=2,
    title="LAMB",
    symmetries=("scale", "sign", "permutation"),
)
