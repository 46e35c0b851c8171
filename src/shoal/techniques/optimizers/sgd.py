"""SGD: step against the gradient of a random batch.

    change = -η g

η lr · g gradient of the batch's mean loss.
Robbins & Monro 1951, A stochastic approximation method, Annals of Mathematical Statistics 22(3).
Differs from the paper: η does not shrink by itself; that is a schedule's work. Witness: torch.optim.SGD.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen


class Hyper(NamedTuple):
    lr: Scalar = 1e-2


class State(NamedTuple):
    """Nothing is remembered."""


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The empty state."""
    return State()


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    return -hyper.lr * seen.gradient, state


CARD = Card(
    summary="step against the gradient of a random batch",
    paper="Robbins & Monro 1951, Annals of Mathematical Statistics 22(3)",
    year=1951,
    parent="gradient_descent",
    ranges={"lr": Range(1e-4, 1.0, log=True)},
    domain={"lr": Domain(0.0, open_low=True)},
    title="SGD",
    symmetries=("sign", "permutation", "rotation"),
    torch="optimizer = torch.optim.SGD(model.parameters(), lr={lr})",
)
