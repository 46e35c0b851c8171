"""Top gradients: at each step only the weights with the largest gradients move.

    change ← change where |g| is among the largest k of the network's n, else 0,   k = max(1, round(fn))

f fraction · g gradient. Weights that tie with the k-th largest move too. The rule behind which the link
stands sees the whole gradient, so its running means are those of all weights, whether they move or not.
Aji & Heafield 2017, Sparse communication for distributed gradient descent, arXiv:1704.05021.
Differs from the paper: there the gradient is cut before the rule and what is dropped is added to the next
one, here the change is cut behind the rule and what is dropped is forgotten; there k is taken from a sample,
here it is exact. Witness: plain Python sorting.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import ranks

PLACE = "change"


class Hyper(NamedTuple):
    fraction: Scalar = 0.1


class State(NamedTuple):
    """Nothing is remembered."""


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The empty state."""
    return State()


def apply(
    seen: Seen,
    change: Float[Tensor, "*shape"],
    state: State,
    parameter: Float[Tensor, "*shape"],
    hyper: Hyper,
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change of those of ``parameter``, all of the member's, that are to move, and the state."""
    still = ranks.below_largest(seen.gradient.abs(), hyper.fraction)
    return torch.where(still, 0.0, change), state


CARD = Card(
    summary="move only the weights with the largest gradients at each step",
    paper="Aji & Heafield 2017, arXiv:1704.05021",
    year=2017,
    ranges={"fraction": Range(1e-2, 1.0, log=True)},
    domain={"fraction": Domain(0.0, 1.0, open_low=True)},
    scope="member",
    idle={"fraction": 1.0},
    title="TopGradients",
)
