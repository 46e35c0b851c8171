"""Gradient descent: step against the gradient of the whole training set.

    change = -η g

η lr · g gradient of the mean loss over all training rows: the recipe's batch size is "all".
Cauchy 1847, Méthode générale pour la résolution des systèmes d'équations simultanées, Comptes Rendus 25.
Differs from the paper: η is fixed, not searched along the line. Witness: torch.optim.SGD.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen


class Hyper(NamedTuple):
    lr: Scalar = 1e-1


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
    summary="step against the gradient of the whole training set",
    paper="Cauchy 1847, Comptes Rendus 25",
    year=1847,
    ranges={"lr": Range(1e-3, 1e1, log=True)},
    domain={"lr": Domain(0.0, open_low=True)},
    recipe={"batch_size": "all"},
    title="GradientDescent",
    symmetries=("sign", "permutation", "rotation"),
    torch="optimizer = torch.optim.SGD(model.parameters(), lr={lr})",
)
