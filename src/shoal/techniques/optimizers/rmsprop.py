"""RMSprop: step along the gradient, scaled by its running size.

    v ← αv + (1-α)g²        change = -η g / (√v + ε)

η lr · α alpha · ε eps · v square, 0 before the first step.
Tieleman & Hinton 2012, Lecture 6.5: rmsprop, Coursera, Neural Networks for Machine Learning.
It is Adagrad with a running mean in place of the sum (the lecture itself comes to it from Rprop's signs).
Differs from the lecture: ε, which torch adds too. v is not corrected for its start at 0, so the first steps
are up to 1/√(1-α) times longer. For ε → ∞ with η/ε held, it is SGD.
Witness: torch.optim.RMSprop.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-3
    alpha: Scalar = 0.99
    eps: Scalar = 1e-8


class State(NamedTuple):
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """A zero running square."""
    return State(precision.zeros(parameter))


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    square = hyper.alpha * state.square + (1 - hyper.alpha) * seen.gradient**2
    return -hyper.lr * seen.gradient / (square.sqrt() + hyper.eps), State(square)


CARD = Card(
    summary="step along the gradient, scaled by its running size",
    paper="Tieleman & Hinton 2012, Coursera lecture 6.5",
    year=2012,
    parent="adagrad",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "alpha": Range(0.9, 0.999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "alpha": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0),
    },
    contains=("sgd",),
    state=1,
    title="RMSprop",
    symmetries=("scale", "sign", "permutation"),
    torch="optimizer = torch.optim.RMSprop(model.parameters(), lr={lr}, alpha={alpha}, eps={eps})",
)
