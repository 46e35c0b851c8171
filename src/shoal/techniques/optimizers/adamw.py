"""AdamW: Adam, with weight decay beside the adaptive step instead of inside the gradient.

    m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²
    change = -η m̂ / (√v̂ + ε) - ηλθ,   m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ)

η lr · β₁ beta1 · β₂ beta2 · ε eps · λ weight_decay · θ parameter before the step.
Loshchilov & Hutter 2017, Decoupled weight decay regularization, arXiv:1711.05101.
Differs from the paper: the decay is multiplied by lr and its schedule (torch's form), in the paper by the
schedule alone. Like torch it decays every parameter it is given, biases too. Witness: torch.optim.AdamW.
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
    eps: Scalar = 1e-8
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
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    mean_hat = mean / (1 - hyper.beta1**step)
    square_hat = square / (1 - hyper.beta2**step)
    adaptive = mean_hat / (square_hat.sqrt() + hyper.eps)
    return -hyper.lr * (adaptive + hyper.weight_decay * parameter), State(step, mean, square)


CARD = Card(
    summary="Adam with weight decay beside the adaptive step",
    paper="Loshchilov & Hutter 2017, arXiv:1711.05101",
    year=2017,
    parent="adam",
    ranges={
        "lr": Range(1e-5, 1e-1, log=True),
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
    contains=("adam", "momentum", "sgd"),
    state=2,
    title="AdamW",
    symmetries=("scale", "sign", "permutation"),
    torch=(
        "optimizer = torch.optim.AdamW(model.parameters(), lr={lr}, betas=({beta1}, {beta2}), eps={eps}, "
        "weight_decay={weight_decay})"
    ),
)
