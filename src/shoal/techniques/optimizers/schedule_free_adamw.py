"""Schedule-free AdamW: a running average of the weights in place of a schedule and of Adam's momentum.

    v ← β₂v + (1-β₂)g²        d = g/(√v̂ + ε) + λy,   v̂ = v/(1-β₂ᵗ)
    z ← z - γd        x ← (1-c)x + cz        y = (1-β₁)z + β₁x
    γ = η min(1, t/T),   c = w/Σw,   w = tʳ (largest γ so far)ᵖ

η lr · β₁ beta1 · β₂ beta2 · ε eps · λ weight_decay · T warmup_steps · r r · p weight_lr_power · t step, from
1 · g gradient at y. The trained parameter is y; evaluated is x, by ``read``.
Defazio et al. 2024, The road less scheduled, arXiv:2405.15682.
Differs from the paper: as in the authors' package, weights grow with the largest γ so far, in the paper with
γ itself (equal unless a schedule lowers lr, which this rule is meant to do without), and r and p are theirs.
Their package up to 1.2.7 multiplied γ, and so the average's weights, with √(1-β₂ᵗ) in place of correcting v;
we follow 1.3 and later. x is not kept but found from y and z, so β₁ = 0 is excluded. A normalization's
running statistics are those of y; the authors advise to gather them anew at x.
Witness: schedulefree.AdamWScheduleFree.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision, schedule_free


class Hyper(NamedTuple):
    lr: Scalar = 2.5e-3
    beta1: Scalar = 0.9
    beta2: Scalar = 0.999
    eps: Scalar = 1e-8
    weight_decay: Scalar = 0.0
    warmup_steps: Scalar = 0.0
    r: Scalar = 0.0
    weight_lr_power: Scalar = 2.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    lr_max: Float[Tensor, ""]
    weight_sum: Float[Tensor, ""]
    square: Float[Tensor, "*shape"]
    z: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """x, y and z start as one; zero running square, nothing averaged yet."""
    zeros = precision.zeros(parameter)
    none = zeros.new_zeros(())
    return State(none, none, none, zeros, zeros + parameter)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter`` y, and the state after it."""
    step = state.step + 1
    lr = schedule_free.warmed(hyper.lr, step, hyper.warmup_steps)
    lr_max = torch.maximum(state.lr_max, lr)
    share, weight_sum = schedule_free.share(step, lr_max, state.weight_sum, hyper.r, hyper.weight_lr_power)
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    square_hat = square / (1 - hyper.beta2**step)
    direction = seen.gradient / (square_hat.sqrt() + hyper.eps) + hyper.weight_decay * parameter
    change, z = schedule_free.move(parameter, state.z, direction, lr, share, hyper.beta1)
    return change, State(step, lr_max, weight_sum, square, z)


def read(state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """The averaged weights x [*shape] that are evaluated."""
    return schedule_free.average(parameter, state.z, hyper.beta1).to(parameter.dtype)


CARD = Card(
    title="AdamWScheduleFree",
    summary="Adam with a running average of the weights in place of schedule and momentum",
    paper="Defazio et al. 2024, arXiv:2405.15682",
    year=2024,
    parent="adamw",
    ranges={
        "lr": Range(1e-4, 1e-1, log=True),
        "beta1": Range(0.8, 0.98),
        "beta2": Range(0.9, 0.9999),
        "weight_decay": Range(1e-4, 1.0, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_low=True, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0, open_low=True),
        "weight_decay": Domain(0.0),
        "warmup_steps": Domain(0.0),
        "r": Domain(0.0),
        "weight_lr_power": Domain(0.0),
    },
    state=2,
    symmetries=("scale", "sign", "permutation"),
)
