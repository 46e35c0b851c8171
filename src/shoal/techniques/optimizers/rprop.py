"""Rprop: every parameter has a step size of its own, which grows until the gradient's sign turns.

    a = η₊ where g and the gradient before have the same sign, η₋ where they have not, else 1
    r ← a r,   but ηr not past step_min or step_max        change = -ηr sign(g), 0 where the sign turned

η lr, the first step size · η₋ etaminus · η₊ etaplus · r step size relative to lr, 1 at first. Where the sign
turned, the gradient counts as 0 at the next step too. Only signs are seen, so the noise of small batches does
as much as a slope: it was made for full batches.
Riedmiller & Braun 1993, A direct adaptive method for faster backpropagation learning: the RPROP algorithm,
IEEE International Conference on Neural Networks.
Differs from the paper: a turned sign does not take the last step back, as in torch (the iRprop⁻ of Igel &
Hüsken 2000). Differs from torch: step sizes are kept relative to lr, so a schedule scales all of them, where
torch reads lr once and is deaf to schedules; and the limits stop a step size that would pass them, but do not
fetch one that a schedule, or lr itself, has put outside. For a constant lr between the limits the walks are
the same. Witness: torch.optim.Rprop.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-2
    etaminus: Scalar = 0.5
    etaplus: Scalar = 1.2
    step_min: Scalar = 1e-6
    step_max: Scalar = 50.0


class State(NamedTuple):
    sign: Float[Tensor, "*shape"]
    size: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """No sign before the first, and all step sizes lr."""
    zeros = precision.zeros(parameter)
    return State(zeros, torch.ones_like(zeros))


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    sign = seen.gradient.sign().to(state.sign.dtype)
    agreement = sign * state.sign
    one = state.size.new_ones(())  # a tensor, so that an lr that a schedule has brought to 0 divides too
    smallest, largest = hyper.step_min * one / hyper.lr, hyper.step_max * one / hyper.lr
    shrunk = torch.maximum(hyper.etaminus * state.size, torch.minimum(state.size, smallest))
    grown = torch.minimum(hyper.etaplus * state.size, torch.maximum(state.size, largest))
    size = torch.where(agreement > 0, grown, torch.where(agreement < 0, shrunk, state.size))
    sign = torch.where(agreement < 0, 0.0, sign)
    return -hyper.lr * size * sign, State(sign, size)


CARD = Card(
    summary="step sizes of their own for all parameters, grown until the gradient's sign turns",
    paper="Riedmiller & Braun 1993, IEEE International Conference on Neural Networks",
    year=1993,
    parent="gradient_descent",
    title="Rprop",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "etaminus": Range(0.3, 0.8), "etaplus": Range(1.05, 1.5)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "etaminus": Domain(0.0, 1.0, open_low=True, open_high=True),
        "etaplus": Domain(1.0, open_low=True),
        "step_min": Domain(0.0, open_low=True),
        "step_max": Domain(0.0, open_low=True),
    },
    symmetries=("scale", "sign", "permutation"),
    state=2,
    torch=(
        "optimizer = torch.optim.Rprop(\n"
        "    model.parameters(), lr={lr}, etas=({etaminus}, {etaplus}), step_sizes=({step_min}, {step_max})\n"
        ")"
    ),
)
