"""SGD-HD: SGD whose learning rate follows its own gradient.

    δ ← δ + β g·g'        change = -(η + δ) g        g' ← g

η lr · β hypergrad_lr · δ what the rate has learned, 0 at the start · g' the gradient of the step before, 0
at the start · g·g' the sum over all parameters of the network: one learning rate for all.
Baydin et al. 2017, Online learning rate adaptation with hypergradient descent, arXiv:1703.04782.
Differs from the paper: a schedule scales η, the rate at which it starts, and not δ; without one nothing
differs. Nothing guards the rate: it turns negative, and the rule climbs, when successive gradients point
against each other for long or by much (β too large for the size of g). Witness: the paper's algorithm in
plain floats.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-2
    hypergrad_lr: Scalar = 1e-3


class State(NamedTuple):
    offset: Float[Tensor, ""]
    gradient: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Nothing learned, no gradient before the first."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, all of the member's, and the state after it."""
    gradient = seen.gradient.to(state.gradient.dtype)
    offset = state.offset + hyper.hypergrad_lr * (gradient * state.gradient).sum()
    return -(hyper.lr + offset) * gradient, State(offset, gradient)


CARD = Card(
    summary="step against the gradient at a rate that follows its own gradient",
    paper="Baydin et al. 2017, arXiv:1703.04782",
    year=2017,
    parent="sgd",
    ranges={"lr": Range(1e-4, 1.0, log=True), "hypergrad_lr": Range(1e-6, 1e-1, log=True)},
    domain={"lr": Domain(0.0, open_low=True), "hypergrad_lr": Domain(0.0)},
    scope="member",
    contains=("sgd",),
    state=1,
    title="SGDHD",
    symmetries=("sign", "permutation", "rotation"),
)
