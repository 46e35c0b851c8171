"""Momentum: step along a decaying sum of the gradients (the heavy ball).

    b ← μb + g        change = -ηb

η lr · μ momentum · b buffer, 0 before the first step.
Polyak 1964, Some methods of speeding up the convergence of iteration methods, USSR Computational
Mathematics and Mathematical Physics 4(5).
Differs from the paper: η multiplies the whole buffer, as in torch, so a schedule of η also scales what the
buffer remembers; with a constant η the two are equal. Witness: torch.optim.SGD(momentum=μ).
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-2
    momentum: Scalar = 0.9


class State(NamedTuple):
    buffer: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """A zero buffer."""
    return State(precision.zeros(parameter))


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    buffer = hyper.momentum * state.buffer + seen.gradient
    return -hyper.lr * buffer, State(buffer)


CARD = Card(
    summary="step along a decaying sum of the gradients",
    paper="Polyak 1964, USSR Computational Mathematics and Mathematical Physics 4(5)",
    year=1964,
    parent="sgd",
    ranges={"lr": Range(1e-4, 1.0, log=True), "momentum": Range(0.5, 0.99)},
    domain={"lr": Domain(0.0, open_low=True), "momentum": Domain(0.0, 1.0, open_high=True)},
    contains=("sgd",),
    state=1,
    title="Momentum",
    symmetries=("sign", "permutation", "rotation"),
    torch="optimizer = torch.optim.SGD(model.parameters(), lr={lr}, momentum={momentum})",
)
