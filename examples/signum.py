"""Signum, a technique of one's own in the form of shoal's: step by the sign of the gradient's running mean.

    m ← μm + (1-μ)g        change = -η sign(m)

η lr · μ momentum.
Bernstein et al. 2018, signSGD: compressed optimisation for non-convex problems, arXiv:1802.04434.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen


class Hyper(NamedTuple):
    lr: Scalar = 1e-3
    momentum: Scalar = 0.9


class State(NamedTuple):
    mean: Tensor


def init(parameter: Tensor, hyper: Hyper) -> State:
    """The running mean starts at 0."""
    return State(torch.zeros_like(parameter))


def update(seen: Seen, state: State, parameter: Tensor, hyper: Hyper) -> tuple[Tensor, State]:
    """The change to add to ``parameter``, and the state after it."""
    mean = hyper.momentum * state.mean + (1 - hyper.momentum) * seen.gradient
    return -hyper.lr * mean.sign(), State(mean)


CARD = Card(
    summary="step by the sign of the gradient's running mean",
    paper="Bernstein et al. 2018, arXiv:1802.04434",
    year=2018,
    parent="momentum",
    ranges={"lr": Range(1e-5, 1e-1, log=True)},
    domain={"lr": Domain(0.0, open_low=True), "momentum": Domain(0.0, 1.0, open_high=True)},
)
