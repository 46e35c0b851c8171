"""SPS: SGD with Polyak's step size on each batch, up to a largest one (SPS_max).

    change = -min{ (f - f*)₊ / (c‖g‖²), η } g

f the batch's loss · f* f_star, its lower bound · c · η lr, the largest step (γ_b in the paper, eta_max in the
authors' code), so a schedule lowers the cap and not the step under it · ‖g‖ over all parameters of a member.
Loizou et al. 2020, Stochastic Polyak step-size for SGD: an adaptive learning rate for fast convergence,
arXiv:2002.10542.
Differs from the paper: f* is one number, in the paper each batch's own minimum (also 0 for a network that can
fit every row); below it there is no step. The authors' code also adds 1e-8 to c‖g‖², and by default lets the
cap follow the last step's size instead of fixing it ("smooth_iter").
Witness: the formula in plain floats.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import polyak, precision


class Hyper(NamedTuple):
    lr: Scalar = 1.0
    c: Scalar = 0.5
    f_star: Scalar = 0.0


class State(NamedTuple):
    """Nothing is remembered."""


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The empty state."""
    return State()


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    wide = precision.zeros(parameter).dtype
    square = seen.gradient.to(wide).square().sum()
    size = polyak.step_size(seen.loss.to(wide) - hyper.f_star, hyper.c * square, hyper.lr)
    return -size * seen.gradient, state


CARD = Card(
    title="SPS",
    summary="gradient descent with Polyak's step size on each batch, up to a largest one",
    paper="Loizou et al. 2020, arXiv:2002.10542",
    year=2020,
    parent="sgd",
    ranges={"lr": Range(0.1, 10.0, log=True), "c": Range(0.2, 2.0, log=True)},
    domain={"lr": Domain(0.0, open_low=True), "c": Domain(0.0, open_low=True), "f_star": Domain()},
    contains=("sgd",),
    scope="member",
    symmetries=("sign", "permutation", "rotation"),
)
