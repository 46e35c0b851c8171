"""Batch normalization: each channel gets mean 0 and variance 1 over the batch.

    y = (x - m) / √(v + ε)
    training:   m, v mean and biased variance over rows and positions;  running ← (1-μ)·running + μ·batch
    otherwise:  m, v running mean and running (unbiased) variance

μ momentum (torch's: the share of the new) · ε eps. Rows of weight 0 do not count.
Ioffe & Szegedy 2015, Batch normalization: accelerating deep network training by reducing internal
covariate shift, arXiv:1502.03167.
Differs from the paper: scale and shift are parameters of the network, not of this file; running averages
stand in for the population statistics, as in torch. A batch with nothing that counts leaves the running
statistics alone, one with a single value a channel leaves the running variance (torch raises).
Witness: torch.nn.functional.batch_norm.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics.channel_norm import normalized


class Hyper(NamedTuple):
    momentum: Scalar = 0.1
    eps: Scalar = 1e-5


class State(NamedTuple):
    mean: Float[Tensor, " channels"]
    var: Float[Tensor, " channels"]


def init(channels: int) -> State:
    """Running mean 0 and variance 1, float32 [channels]."""
    return State(torch.zeros(channels, dtype=torch.float32), torch.ones(channels, dtype=torch.float32))


def apply(
    x: Float[Tensor, "rows channels *positions"],
    state: State,
    weight: Float[Tensor, " rows"],
    hyper: Hyper,
    training: bool,
) -> tuple[Float[Tensor, "rows channels *positions"], State]:
    """Normalized ``x``, and the running state after it. Rows of weight 0 must still be finite."""
    channel = (1, -1) + (1,) * (x.ndim - 2)
    if not training:
        scale = (state.var + hyper.eps).rsqrt()
        return ((x - state.mean.view(channel)) * scale.view(channel)).to(x.dtype), state
    over = (0, *range(2, x.ndim))
    share = weight.view(-1, *(1,) * (x.ndim - 1))
    count = weight.sum() * x[0, 0].numel()
    some = count.clamp(min=1)
    mean = (share * x).sum(over) / some
    centered = x - mean.view(channel)
    var = (share * centered**2).sum(over) / some
    y = centered * (var + hyper.eps).rsqrt().view(channel)
    return y, _follow(state, mean.detach(), var.detach(), count, hyper)


def scaled(
    x: Float[Tensor, "rows channels *positions"],
    state: State,
    weight: Float[Tensor, " rows"],
    hyper: Hyper,
    training: bool,
    scale: Float[Tensor, " channels"],
    shift: Float[Tensor, " channels"],
) -> tuple[Float[Tensor, "rows channels *positions"], State]:
    """``apply``, then times scale and plus shift, in fewer passes over the many numbers of images."""
    if not training:
        channel = (1, -1) + (1,) * (x.ndim - 2)
        slope = (state.var + hyper.eps).rsqrt() * scale
        return torch.addcmul((shift - state.mean * slope).view(channel), x, slope.view(channel)), state
    eps = torch.as_tensor(hyper.eps, dtype=x.dtype, device=x.device)
    y, mean, var = normalized(x, weight, scale, shift, eps)
    return y, _follow(state, mean, var, weight.sum() * x[0, 0].numel(), hyper)


def _follow(state: State, mean: Tensor, var: Tensor, count: Tensor, hyper: Hyper) -> State:
    """The running statistics a step further; ``count`` [] is the number of values that each stands for."""
    toward_mean = hyper.momentum * (count > 0).to(mean.dtype)
    toward_var = hyper.momentum * (count > 1).to(var.dtype)
    unbiased = var * count / (count - 1).clamp(min=1)
    return State(
        state.mean + toward_mean * (mean - state.mean),
        state.var + toward_var * (unbiased - state.var),
    )


CARD = Card(
    summary="each channel gets mean 0 and variance 1 over the batch",
    paper="Ioffe & Szegedy 2015, arXiv:1502.03167",
    year=2015,
    ranges={"momentum": Range(0.01, 0.5, log=True)},
    domain={"momentum": Domain(0.0, 1.0), "eps": Domain(0.0, open_low=True)},
    torch="torch.nn.BatchNorm1d({channels}, momentum={momentum}, eps={eps})",
)
