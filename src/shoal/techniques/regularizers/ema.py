"""EMA: evaluate an exponential moving average of the weights instead of the last ones.

    a ← βa + (1-β)w   after each step; the first step's weights start it

β decay.
Polyak & Juditsky 1992, Acceleration of stochastic approximation by averaging, SIAM J. Control Optim. 30.
Differs from the paper: an exponential average, which forgets the beginning, in place of the uniform one.
Running statistics of batch normalization are averaged alike (torch: use_buffers=True).
Witness: torch.optim.swa_utils.AveragedModel with get_ema_multi_avg_fn.
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
    decay: Scalar = 0.99


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
    """The average with one more step's ``parameter`` in it."""
    keep = hyper.decay * (state.seen > 0).to(state.seen.dtype)
    return State(state.seen + 1, keep * state.mean + (1 - keep) * parameter)


def read(state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """The average, or ``parameter`` itself before the first step."""
    return torch.where(state.seen > 0, state.mean.to(parameter.dtype), parameter)


CARD = Card(
    summary="evaluates an exponential moving average of the weights",
    paper="Polyak & Juditsky 1992, SIAM J. Control Optim. 30",
    year=1992,
    scope="element",
    state=1,
    ranges={"decay": Range(0.9, 0.999)},
    domain={"decay": Domain(0.0, 1.0, open_high=True)},
    torch=(
        "averaged = torch.optim.swa_utils.AveragedModel(\n"
        "    model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn({decay}), use_buffers=True\n"
        ")\n"
        "averaged.update_parameters(model)  # after each step"
    ),
)
