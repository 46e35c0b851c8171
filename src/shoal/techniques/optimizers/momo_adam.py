"""MoMo-Adam: Adam with Polyak's step size on a model of the loss, averaged like the momentum.

    m ← β₁m + (1-β₁)g        v ← β₂v + (1-β₂)g²        D = √v̂ + ε,   v̂ = v/(1-β₂ᵗ),   ρ = 1-β₁ᵗ
    f̄ ← β₁f̄ + (1-β₁)f        q ← β₁q + (1-β₁)⟨g, θ⟩
    τ = min{ ((1+ηλ)(f̄ - ρf* - q) + ⟨m, θ⟩)₊ / ⟨m, m/D⟩, η/ρ }        θ ← (θ - τm/D)/(1+ηλ)

f the batch's loss · f* lb, its lower bound · η lr, the largest step, so a schedule lowers the cap and not the
step under it · β₁ beta1 · β₂ beta2 · ε eps · λ weight_decay · products over all parameters of a member.
With f* far below every loss it is Adam.
Schaipp et al. 2023, MoMo: momentum models for adaptive learning rates, arXiv:2305.07583.
Differs from the paper: f* is fixed; of the authors' package's options, use_fstar (estimating it, off by
default) and divide=False (AdamW's decay in place of the proximal one) are left out.
Witness: momo.MomoAdam.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import polyak, precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-2
    beta1: Scalar = 0.9
    beta2: Scalar = 0.999
    eps: Scalar = 1e-8
    weight_decay: Scalar = 0.0
    lb: Scalar = 0.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    loss: Float[Tensor, ""]
    product: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero averages of gradient, square, loss and product, step 0."""
    zeros = precision.zeros(parameter)
    none = zeros.new_zeros(())
    return State(none, none, none, zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step, beta1, beta2 = state.step + 1, hyper.beta1, hyper.beta2
    gradient = seen.gradient.to(state.mean.dtype)
    mean = beta1 * state.mean + (1 - beta1) * gradient
    square = beta2 * state.square + (1 - beta2) * gradient**2
    loss = beta1 * state.loss + (1 - beta1) * seen.loss
    product = beta1 * state.product + (1 - beta1) * (gradient * parameter).sum()
    direction = mean / ((square / (1 - beta2**step)).sqrt() + hyper.eps)
    correction, shrink = 1 - beta1**step, 1 + hyper.lr * hyper.weight_decay
    gap = shrink * (loss - correction * hyper.lb - product) + (mean * parameter).sum()
    size = polyak.step_size(gap, (mean * direction).sum(), hyper.lr / correction)
    change = (parameter - size * direction) / shrink - parameter
    return change, State(step, loss, product, mean, square)


CARD = Card(
    title="MomoAdam",
    summary="Adam with Polyak's step size on an averaged model of the loss",
    paper="Schaipp et al. 2023, arXiv:2305.07583",
    year=2023,
    parent="adam",
    ranges={
        "lr": Range(1e-3, 1.0, log=True),
        "beta1": Range(0.8, 0.99),
        "beta2": Range(0.9, 0.9999),
        "weight_decay": Range(1e-4, 1.0, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0, open_low=True),
        "weight_decay": Domain(0.0),
        "lb": Domain(),
    },
    contains=("adam", "momentum", "sgd"),
    scope="member",
    state=2,
    symmetries=("scale", "sign", "permutation"),
)
