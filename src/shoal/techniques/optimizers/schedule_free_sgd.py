"""Schedule-free SGD: a running average of the weights in place of a schedule of the learning rate.

    d = g + λy        z ← z - γd        x ← (1-c)x + cz        y = (1-β)z + βx
    γ = η min(1, t/T),   c = w/Σw,   w = tʳ (largest γ so far)ᵖ

η lr · β momentum · λ weight_decay · T warmup_steps · r r · p weight_lr_power · t step, from 1 · g gradient
at y. The trained parameter is y; evaluated is x, by ``read``.
Defazio et al. 2024, The road less scheduled, arXiv:2405.15682.
Differs from the paper: as in the authors' package, weights grow with the largest γ so far, in the paper with
γ itself (equal unless a schedule lowers lr, which this rule is meant to do without), and r and p are theirs.
x is not kept but found from y and z, so β = 0, plain SGD with the average beside it, is excluded. A
normalization's running statistics are those of y; the authors advise to gather them anew at x.
Witness: schedulefree.SGDScheduleFree.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision, schedule_free


class Hyper(NamedTuple):
    lr: Scalar = 1.0
    momentum: Scalar = 0.9
    weight_decay: Scalar = 0.0
    warmup_steps: Scalar = 0.0
    r: Scalar = 0.0
    weight_lr_power: Scalar = 2.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    lr_max: Float[Tensor, ""]
    weight_sum: Float[Tensor, ""]
    z: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """x, y and z start as one; nothing is averaged yet."""
    z = precision.zeros(parameter) + parameter
    none = z.new_zeros(())
    return State(none, none, none, z)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter`` y, and the state after it."""
    step = state.step + 1
    lr = schedule_free.warmed(hyper.lr, step, hyper.warmup_steps)
    lr_max = torch.maximum(state.lr_max, lr)
    share, weight_sum = schedule_free.share(step, lr_max, state.weight_sum, hyper.r, hyper.weight_lr_power)
    direction = seen.gradient + hyper.weight_decay * parameter
    change, z = schedule_free.move(parameter, state.z, direction, lr, share, hyper.momentum)
    return change, State(step, lr_max, weight_sum, z)


def read(state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """The averaged weights x [*shape] that are evaluated."""
    return schedule_free.average(parameter, state.z, hyper.momentum).to(parameter.dtype)


CARD = Card(
    title="SGDScheduleFree",
    summary="gradient descent with a running average of the weights in place of a schedule",
    paper="Defazio et al. 2024, arXiv:2405.15682",
    year=2024,
    parent="sgd",
    ranges={
        "lr": Range(1e-2, 10.0, log=True),
        "momentum": Range(0.8, 0.98),
        "weight_decay": Range(1e-6, 1e-2, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "momentum": Domain(0.0, 1.0, open_low=True, open_high=True),
        "weight_decay": Domain(0.0),
        "warmup_steps": Domain(0.0),
        "r": Domain(0.0),
        "weight_lr_power": Domain(0.0),
    },
    state=1,
    symmetries=("sign", "permutation", "rotation"),
)
