"""SWA: evaluate the plain mean of the weights over the last part of training.

    a ← a + (w - a) / n   for the n-th step behind the share s of all steps

s start. Best with a learning rate that does not end near zero (schedule "constant").
Izmailov, Podoprikhin, Garipov, Vetrov & Wilson 2018, Averaging weights leads to wider optima and better
generalization, arXiv:1803.05407.
Differs from the paper: every step counts, not one an epoch or cycle; the learning rate is the schedule's.
Running statistics of batch normalization are averaged alike (torch: use_buffers=True), where the paper
computes them anew from the training rows. Witness: torch.optim.swa_utils.AveragedModel.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import precision

PLACE = "average"


class Hyper(NamedTuple):
    start: Scalar = 0.75


class State(NamedTuple):
    seen: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Nothing averaged yet."""
    mean = precision.zeros(parameter)
    return State(mean.new_zeros(()), mean)


def observe(
    state: State, parameter: Float[Tensor, "*shape"], progress: Float[Tensor, ""], hyper: Hyper
) -> State:
    """The mean with one more step's ``parameter`` in it, once ``progress`` is behind the start."""
    counts = (progress > hyper.start).to(state.seen.dtype)
    seen = state.seen + counts
    return State(seen, state.mean + counts / seen.clamp(min=1) * (parameter - state.mean))


def read(state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """The mean, or ``parameter`` itself before the start."""
    return torch.where(state.seen > 0, state.mean.to(parameter.dtype), parameter)


CARD = Card(
    summary="evaluates the mean of the weights over the last part of training",
    paper="Izmailov et al. 2018, arXiv:1803.05407",
    year=2018,
    parent="ema",
    scope="element",
    state=1,
    ranges={"start": Range(0.5, 0.95)},
    domain={"start": Domain(0.0, 1.0, open_high=True)},
    torch=(
        "averaged = torch.optim.swa_utils.AveragedModel(model, use_buffers=True)\n"
        "if step > {start} * {steps}:  # after each step, counted from 1\n"
        "    averaged.update_parameters(model)"
    ),
)
