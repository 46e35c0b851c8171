"""Top saliency: at each step only the weights move whose removal would change the loss most.

    change ← change where |g θ| is among the largest k of the network's n, else 0,   k = max(1, round(fn))

f fraction · g gradient · θ weight before the step · |g θ| to first order what the loss changes if the weight
is set to 0. Weights that tie with the k-th largest move too. A weight of 0 has no saliency: with a small
fraction, biases that start at 0 stay there. The rule behind which the link stands sees the whole gradient.
Lee, Ajanthan & Torr 2018, SNIP: single-shot network pruning based on connection sensitivity,
arXiv:1810.02340.
Differs from the paper: there the criterion is asked once, before training, of which weights to keep; here at
each step, of which weights to move. Witness: plain Python sorting.
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
    still = ranks.below_largest((seen.gradient * parameter).abs(), hyper.fraction)
    return torch.where(still, 0.0, change), state


CARD = Card(
    summary="move only the weights whose removal would change the loss most",
    paper="Lee, Ajanthan & Torr 2018, arXiv:1810.02340",
    year=2018,
    parent="top_gradients",
    ranges={"fraction": Range(1e-2, 1.0, log=True)},
    domain={"fraction": Domain(0.0, 1.0, open_low=True)},
    scope="member",
    idle={"fraction": 1.0},
    title="TopSaliency",
)
