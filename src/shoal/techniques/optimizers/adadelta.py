"""Adadelta: scale the gradient by its running size, and back by the running size of the changes.

    v ← ρv + (1-ρ)g²        d = g √(u + ε) / √(v + ε)        u ← ρu + (1-ρ)d²
    change = -η d

η lr · ρ rho · ε eps · v square, u change_square, 0 before the first step. The quotient gives the change the
parameter's unit, so that η = 1 is meant to do. ε also starts the motion: while u is 0, d is of size √ε.
Zeiler 2012, ADADELTA: an adaptive learning rate method, arXiv:1212.5701.
Differs from the paper: η, which torch has too, and which u does not see; in the paper it is 1. For ε → ∞ it
is SGD. Witness: torch.optim.Adadelta.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1.0
    rho: Scalar = 0.9
    eps: Scalar = 1e-6


class State(NamedTuple):
    square: Float[Tensor, "*shape"]
    change_square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running squares of the gradient and of the change."""
    zeros = precision.zeros(parameter)
    return State(zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    square = hyper.rho * state.square + (1 - hyper.rho) * seen.gradient**2
    change = (state.change_square + hyper.eps).sqrt() / (square + hyper.eps).sqrt() * seen.gradient
    change_square = hyper.rho * state.change_square + (1 - hyper.rho) * change**2
    return -hyper.lr * change, State(square, change_square)


CARD = Card(
    summary="step along the gradient, scaled by its running size and that of the changes",
    paper="Zeiler 2012, arXiv:1212.5701",
    year=2012,
    parent="adagrad",
    ranges={
        "lr": Range(1e-2, 1e1, log=True),
        "rho": Range(0.8, 0.99),
        "eps": Range(1e-8, 1e-2, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "rho": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0, open_low=True),
    },
    contains=("sgd",),
    state=2,
    title="Adadelta",
    symmetries=("scale", "sign", "permutation"),
    torch="optimizer = torch.optim.Adadelta(model.parameters(), lr={lr}, rho={rho}, eps={eps})",
)
