"""NAdam: Adam whose momentum looks one step ahead, as Nesterov's does.

    m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²        μₜ = β₁(1 - 0.96^(ψt)/2)
    change = -η [μₜ₊₁ m/(1-Πₜ₊₁) + (1-μₜ) g/(1-Πₜ)] / (√v̂ + ε),   Πₜ = μ₁·…·μₜ,  v̂ = v/(1-β₂ᵗ)

η lr · β₁ beta1 · β₂ beta2 · ε eps · ψ momentum_decay: the momentum warms up from β₁/2 to β₁, in about
17/ψ steps by half of the way; ψ = 0 leaves it at β₁/2.
Dozat 2016, Incorporating Nesterov momentum into Adam, ICLR workshop.
Differs from the paper: m decays by the constant β₁, as in torch, in the paper by μₜ. For β₁ = 0 and ε → ∞
with η/ε held, it is SGD; Nesterov's momentum it approaches only after the corrections 1-Π have faded.
Witness: torch.optim.NAdam.
"""

from typing import NamedTuple

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
    momentum_decay: Scalar = 4e-3


class State(NamedTuple):
    step: Float[Tensor, ""]
    product: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean and square, step 0, an empty product of momenta."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros.new_ones(()), zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    now = hyper.beta1 * (1 - 0.96 ** (hyper.momentum_decay * step) / 2)
    ahead = hyper.beta1 * (1 - 0.96 ** (hyper.momentum_decay * (step + 1)) / 2)
    product = state.product * now
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    square_hat = square / (1 - hyper.beta2**step)
    from_mean, from_gradient = ahead / (1 - product * ahead), (1 - now) / (1 - product)
    direction = from_mean * mean + from_gradient * seen.gradient
    return -hyper.lr * direction / (square_hat.sqrt() + hyper.eps), State(step, product, mean, square)


CARD = Card(
    summary="Adam whose momentum looks one step ahead",
    paper="Dozat 2016, Incorporating Nesterov momentum into Adam, ICLR workshop",
    year=2016,
    parent="adam",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "beta1": Range(0.8, 0.99), "beta2": Range(0.9, 0.9999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
        "momentum_decay": Domain(0.0),
    },
    contains=("sgd",),
    state=2,
    title="NAdam",
    symmetries=("scale", "sign", "permutation"),
    torch=(
        "optimizer = torch.optim.NAdam(\n"
        "    model.parameters(), lr={lr}, betas=({beta1}, {beta2}), eps={eps},\n"
        "    momentum_decay={momentum_decay}\n"
        ")"
    ),
)
