"""Adam: step along the gradient's running mean, scaled by its running size.

    m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²
    change = -η m̂ / (√v̂ + ε),   m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ)

η lr · β₁ beta1 · β₂ beta2 · ε eps.
Kingma & Ba 2014, Adam: a method for stochastic optimization, arXiv:1412.6980.
Differs from the paper: nothing. For ε → ∞ with η/ε held, it is momentum with μ = β₁, but for the bias
correction of the first steps (Choi et al. 2019, arXiv:1910.05446). Witness: torch.optim.Adam.
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
    return -hyper.lr * mean_hat / (square_hat.sqrt() + hyper.eps), State(step, mean, square)


CARD = Card(
    summary="step along the gradient's running mean, scaled by its running size",
    paper="Kingma & Ba 2014, arXiv:1412.6980",
    year=2014,
    parent="rmsprop",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "beta1": Range(0.8, 0.99), "beta2": Range(0.9, 0.9999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
    },
    contains=("momentum", "sgd"),
    state=2,
    title="Adam",
    symmetries=("scale", "sign", "permutation"),
    torch="optimizer = torch.optim.Adam(model.parameters(), lr={lr}, betas=({beta1}, {beta2}), eps={eps})",
)
