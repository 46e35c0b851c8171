"""D-Adapt SGD: SGD that learns, from a lower bound, how far away the solution is, and sets its step by that.

    γ = ηd/‖g₀‖        n ← n + γ⟨g, s⟩        s ← s + γg
    d ← max(d, min(2n/‖s‖, κd))        θ ← μθ + (1-μ)(θ₀ - s)

η lr · μ momentum · λ weight_decay, g being the gradient plus λθ · d starts at d0 · κ growth_rate · norms and
products over all parameters of a member · ‖g₀‖ of the first gradient, without decay.
Defazio & Mishchenko 2023, Learning-rate-free learning by D-Adaptation, arXiv:2301.07733.
Differs from the paper: growth_rate and weight_decay are the authors' package's; its growth_rate is infinite
by default, ours 1e30, which limits as little, because hyperparameters are finite. A first gradient of zeros,
which divides by zero there, waits here for one that is not. The penalty ``l2`` also counts in ‖g₀‖.
Witness: dadaptation.DAdaptSGD.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1.0
    momentum: Scalar = 0.0
    weight_decay: Scalar = 0.0
    d0: Scalar = 1e-6
    growth_rate: Scalar = 1e30


class State(NamedTuple):
    """d, n and ‖g₀‖ (0 until there is one), []; θ₀ and s [*shape]."""

    d: Float[Tensor, ""]
    numerator: Float[Tensor, ""]
    first_norm: Float[Tensor, ""]
    start: Float[Tensor, "*shape"]
    s: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The distance is guessed as d0; no step is summed yet."""
    zeros = precision.zeros(parameter)
    none = zeros.new_zeros(())
    return State(none + hyper.d0, none, none, zeros + parameter, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    first_norm = torch.where(state.first_norm > 0, state.first_norm, seen.gradient.to(state.s.dtype).norm())
    gradient = seen.gradient + hyper.weight_decay * parameter
    lr = torch.where(first_norm > 0, state.d * hyper.lr / first_norm, 0.0)
    numerator = state.numerator + lr * (gradient * state.s).sum()
    s = state.s + lr * gradient
    size = s.norm()
    bound = torch.where(size > 0, 2 * numerator / size, 0.0)
    d = torch.maximum(state.d, torch.minimum(bound, state.d * hyper.growth_rate))
    change = (1 - hyper.momentum) * (state.start - s - parameter)
    return change, State(d, numerator, first_norm, state.start, s)


CARD = Card(
    title="DAdaptSGD",
    summary="gradient descent that learns how far away the solution is and sets its step by that",
    paper="Defazio & Mishchenko 2023, arXiv:2301.07733",
    year=2023,
    parent="sgd",
    ranges={"lr": Range(0.1, 10.0, log=True), "momentum": Range(0.5, 0.99)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "momentum": Domain(0.0, 1.0, open_high=True),
        "weight_decay": Domain(0.0),
        "d0": Domain(0.0, open_low=True),
        "growth_rate": Domain(1.0),
    },
    scope="member",
    state=2,
    symmetries=("scale", "sign", "permutation", "rotation"),
)
