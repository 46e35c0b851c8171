"""Stochastic depth: whole residual branches are silenced at random in training, deep ones more often.

    branch ← b / p · branch,   b ~ Bernoulli(p) anew for each row and step,   p = 1 - s·r

r rate (of the last branch; 0.5 in the paper) · s share, how deep the branch stands: ℓ/L for the ℓ-th of L.
Huang, Sun, Liu, Sedra & Weinberger 2016, Deep networks with stochastic depth, arXiv:1603.09382.
Differs from the paper: drawn for each row, not once for the whole batch; what stays is scaled by 1/p in
training, so evaluation uses the network as it is (the paper scales branches by p in evaluation). Both as
torchvision.ops.stochastic_depth(mode="row").
Witness: the mask from plain Python integers, a descent through two branches in plain floats.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "branch"


class Hyper(NamedTuple):
    rate: Scalar = 0.5


def apply(
    branch: Float[Tensor, "rows *shape"], key: Int[Tensor, ""], share: float, hyper: Hyper
) -> Float[Tensor, "rows *shape"]:
    """``branch`` [rows, *] with rows silenced by noise from ``key`` (int64); for training only."""
    wide = torch.promote_types(branch.dtype, torch.float32)
    noise = counter_noise.uniform(key, (branch.shape[0],), wide).view(-1, *(1,) * (branch.ndim - 1))
    rate = share * hyper.rate
    return torch.where(noise < rate, 0.0, branch / (1 - rate))


CARD = Card(
    title="Stochastic depth",
    summary="silences whole residual branches at random in training, deep ones more often",
    paper="Huang et al. 2016, arXiv:1603.09382",
    year=2016,
    parent="dropout",
    ranges={"rate": Range(0.0, 0.8)},
    domain={"rate": Domain(0.0, 1.0, open_high=True)},
    torch=(
        "lambda branch, share: torch.nn.functional.dropout1d(branch[None], {rate} * share, model.training)[0]"
    ),
)
