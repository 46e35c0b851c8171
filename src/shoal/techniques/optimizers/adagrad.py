"""Adagrad: step along the gradient, scaled by the root of the sum of all its squares so far.

    v ← v + g²        change = -η g / (√v + ε)

η lr · ε eps · v square, initial_accumulator_value before the first step.
Duchi, Hazan & Singer 2011, Adaptive subgradient methods for online learning and stochastic optimization,
JMLR 12.
Differs from the paper: its diagonal form, without projection; ε stands outside the root. Of torch's
hyperparameters lr_decay is left out: that is a schedule's work. For ε → ∞ with η/ε held, it is SGD.
Witness: torch.optim.Adagrad.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-2
    initial_accumulator_value: Scalar = 0.0
    eps: Scalar = 1e-10


class State(NamedTuple):
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """A sum of squares that starts at ``initial_accumulator_value``."""
    return State(precision.zeros(parameter) + hyper.initial_accumulator_value)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    square = state.square + seen.gradient**2
    return -hyper.lr * seen.gradient / (square.sqrt() + hyper.eps), State(square)


CARD = Card(
    summary="step along the gradient, scaled by the root of the sum of its squares so far",
    paper="Duchi, Hazan & Singer 2011, JMLR 12",
    year=2011,
    parent="sgd",
    ranges={"lr": Range(1e-4, 1.0, log=True)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "initial_accumulator_value": Domain(0.0),
        "eps": Domain(0.0),
    },
    contains=("sgd",),
    state=1,
    title="Adagrad",
    symmetries=("scale", "sign", "permutation"),
    torch=(
        "optimizer = torch.optim.Adagrad(\n"
        "    model.parameters(), lr={lr}, initial_accumulator_value={initial_accumulator_value}, eps={eps}\n"
        ")"
    ),
)
