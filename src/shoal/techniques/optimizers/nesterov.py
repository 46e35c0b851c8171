"""Nesterov: momentum that looks ahead, the gradient counted once more on top of the buffer.

    b ← μb + g        change = -η(g + μb)

η lr · μ momentum · b buffer, 0 before the first step.
Nesterov 1983, A method of solving a convex programming problem with convergence rate O(1/k²), Soviet
Mathematics Doklady 27; for networks Sutskever, Martens, Dahl & Hinton 2013, On the importance of
initialization and momentum in deep learning, ICML.
Differs from the papers: μ is constant, and the parameter kept is the looked-ahead point at which the
gradient is taken (torch's form), so no second point is needed. Witness: torch.optim.SGD(nesterov=True).
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
    return -hyper.lr * (seen.gradient + hyper.momentum * buffer), State(buffer)


CARD = Card(
    summary="momentum that looks one step ahead",
    paper="Nesterov 1983, Soviet Mathematics Doklady 27; Sutskever et al. 2013, ICML",
    year=1983,
    parent="momentum",
    ranges={"lr": Range(1e-4, 1.0, log=True), "momentum": Range(0.5, 0.99)},
    domain={"lr": Domain(0.0, open_low=True), "momentum": Domain(0.0, 1.0, open_high=True)},
    contains=("sgd",),
    state=1,
    title="Nesterov",
    symmetries=("sign", "permutation", "rotation"),
    torch="optimizer = torch.optim.SGD(model.parameters(), lr={lr}, momentum={momentum}, nesterov=True)",
)
