"""Early stopping: stop when the validation loss has not improved for a while, and keep the best weights.

    improved = score < best - δ        waited ← 0 if improved, else waited + 1
    keep = improved                    stop = waited ≥ patience

δ min_delta, in the loss's unit · patience in evaluations · best is ∞ before the first evaluation, and moves
only when improved. A NaN score never improves.
Prechelt 1998, Early stopping - but when?, in Neural Networks: Tricks of the Trade, Springer.
Differs from the paper: its criterion UP counts successive increases, this one evaluations since the best.
Witness: a loop over plain Python floats.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Decision, Scalar


class Hyper(NamedTuple):
    patience: Scalar = 5.0
    min_delta: Scalar = 0.0


class State(NamedTuple):
    """best in float64, so that no score changes by being remembered; waited in evaluations."""

    best: Float[Tensor, ""]
    waited: Float[Tensor, ""]


def init(hyper: Hyper) -> State:
    """No evaluation yet."""
    return State(torch.full((), torch.inf, dtype=torch.float64), torch.zeros((), dtype=torch.float32))


def observe(state: State, score: Float[Tensor, ""], hyper: Hyper) -> tuple[State, Decision]:
    """The state and the decision after a validation loss ``score`` [] (lower is better)."""
    score = score.to(state.best.dtype)
    improved = score < state.best - hyper.min_delta
    best = torch.where(improved, score, state.best)
    waited = torch.where(improved, 0.0, state.waited + 1)
    decision = Decision(lr_scale=torch.ones_like(waited), stop=waited >= hyper.patience, keep=improved)
    return State(best, waited), decision


CARD = Card(
    summary="stops when the validation loss no longer improves, and keeps the best weights",
    paper="Prechelt 1998, Early stopping - but when?, Springer",
    year=1998,
    ranges={"patience": Range(3, 30, log=True)},
    domain={"patience": Domain(1.0), "min_delta": Domain(0.0)},
)
