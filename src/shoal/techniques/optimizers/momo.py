"""MoMo: momentum with Polyak's step size on a model of the loss, averaged like the momentum.

    d ← βd + (1-β)g        f̄ ← βf̄ + (1-β)f        q ← βq + (1-β)⟨g, θ⟩
    τ = min{ ((1+ηλ)(f̄ - f* - q) + ⟨d, θ⟩)₊ / ‖d‖², η }        θ ← (θ - τd)/(1+ηλ)

f the batch's loss · f* lb, its lower bound · η lr, the largest step, so a schedule lowers the cap and not the
step under it · β beta; d, f̄ and q begin as the first step's g, f and ⟨g, θ⟩ · λ weight_decay · norms and
products over all parameters of a member.
Schaipp et al. 2023, MoMo: momentum models for adaptive learning rates, arXiv:2305.07583.
Differs from the paper: f* is fixed; of the authors' package's options, use_fstar (estimating it) and
bias_correction (averages that begin at 0) are left out, both off by default.
Witness: momo.Momo.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import polyak, precision


class Hyper(NamedTuple):
    lr: Scalar = 1.0
    beta: Scalar = 0.9
    weight_decay: Scalar = 0.0
    lb: Scalar = 0.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    loss: Float[Tensor, ""]
    product: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Nothing averaged yet."""
    zeros = precision.zeros(parameter)
    none = zeros.new_zeros(())
    return State(none, none, none, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    beta = hyper.beta * (state.step > 0).to(state.step.dtype)
    gradient = seen.gradient.to(state.mean.dtype)
    mean = beta * state.mean + (1 - beta) * gradient
    loss = beta * state.loss + (1 - beta) * seen.loss
    product = beta * state.product + (1 - beta) * (gradient * parameter).sum()
    shrink = 1 + hyper.lr * hyper.weight_decay
    gap = shrink * (loss - hyper.lb - product) + (mean * parameter).sum()
    size = polyak.step_size(gap, mean.square().sum(), hyper.lr)
    change = (parameter - size * mean) / shrink - parameter
    return change, State(state.step + 1, loss, product, mean)


CARD = Card(
    title="Momo",
    summary="momentum with Polyak's step size on an averaged model of the loss",
    paper="Schaipp et al. 2023, arXiv:2305.07583",
    year=2023,
    parent="sps",
    ranges={"lr": Range(0.1, 10.0, log=True), "beta": Range(0.5, 0.99)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta": Domain(0.0, 1.0, open_high=True),
        "weight_decay": Domain(0.0),
        "lb": Domain(),
    },
    contains=("sgd",),
    scope="member",
    state=1,
    symmetries=("sign", "permutation", "rotation"),
)
