"""Lookahead: every k steps, go back to a point between where the rule began and where it went.

    f = θ + change        at every k-th step:  s ← s + α (f - s),  change ← s - θ

k · α alpha · θ parameter before the step · s slow weights, at the start the parameter itself ·
f fast weights.
Zhang et al. 2019, Lookahead optimizer: k steps forward, 1 step back, arXiv:1907.08610, algorithm 1.
Differs from the paper: nothing. The rule's own state (momentum) is kept at the return, one of the paper's
three ways; what is evaluated between the returns are the fast weights. A k between whole numbers counts as
the next one. Witness: pytorch_optimizer.Lookahead.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision

PLACE = "change"


class Hyper(NamedTuple):
    k: Scalar = 5.0
    alpha: Scalar = 0.5


class State(NamedTuple):
    """``passed`` steps since the slow weights moved, and these."""

    passed: Float[Tensor, ""]
    slow: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The slow weights begin at the parameter."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros + parameter)


def apply(
    seen: Seen,
    change: Float[Tensor, "*shape"],
    state: State,
    parameter: Float[Tensor, "*shape"],
    hyper: Hyper,
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change of ``parameter``, which at every k-th step ends at the slow weights, and the state."""
    passed = state.passed + 1
    back = passed >= hyper.k
    moved = state.slow + hyper.alpha * (parameter + change - state.slow)
    after = State(torch.where(back, 0.0, passed), torch.where(back, moved, state.slow))
    return torch.where(back, moved - parameter, change), after


CARD = Card(
    summary="every k steps, go back to between where the rule began and where it went",
    paper="Zhang et al. 2019, arXiv:1907.08610",
    year=2019,
    ranges={"k": Range(3.0, 20.0), "alpha": Range(0.2, 0.8)},
    domain={"k": Domain(1.0), "alpha": Domain(0.0, 1.0, open_low=True)},
    state=1,
    idle={"alpha": 1.0},
    title="Lookahead",
)
