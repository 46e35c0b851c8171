"""Reduce on plateau: lower the learning rate when the validation loss has not improved for a while.

    improved = score < best·(1 - τ)      bad ← 0 if improved or while resting, else bad + 1
    where bad > patience:                scale ← max(scale·factor, min_scale), bad ← 0, rest for cooldown

τ threshold, a share of the best score · factor · patience and cooldown in evaluations · min_scale, a multiple
of lr, where torch's min_lr is a learning rate. best is ∞ before the first evaluation, and moves only when
improved. A NaN score never improves. It never stops, and keeps the weights of the last evaluation.
Krizhevsky, Sutskever & Hinton 2012, ImageNet classification with deep convolutional neural networks, NeurIPS.
Differs from the paper: there a person did it. Differs from torch: a reduction of less than eps is made too.
Witness: torch.optim.lr_scheduler.ReduceLROnPlateau.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Decision, Scalar


class Hyper(NamedTuple):
    factor: Scalar = 0.1
    patience: Scalar = 10.0
    threshold: Scalar = 1e-4
    cooldown: Scalar = 0.0
    min_scale: Scalar = 0.0


class State(NamedTuple):
    """best and scale in float64, so that neither changes by being remembered; bad and rest in evaluations."""

    best: Float[Tensor, ""]
    bad: Float[Tensor, ""]
    rest: Float[Tensor, ""]
    scale: Float[Tensor, ""]


def init(hyper: Hyper) -> State:
    """No evaluation yet."""
    zero = torch.zeros((), dtype=torch.float64)
    return State(torch.full_like(zero, torch.inf), zero, zero, torch.ones_like(zero))


def observe(state: State, score: Float[Tensor, ""], hyper: Hyper) -> tuple[State, Decision]:
    """The state and the decision after a validation loss ``score`` [] (lower is better)."""
    score = score.to(state.best.dtype)
    improved = score < state.best * (1 - hyper.threshold)
    best = torch.where(improved, score, state.best)
    resting = state.rest > 0
    bad = torch.where(improved | resting, 0.0, state.bad + 1)
    reduce = bad > hyper.patience
    lower = torch.clamp(state.scale * hyper.factor, min=hyper.min_scale)
    scale = torch.where(reduce, lower, state.scale)
    rest = torch.clamp(state.rest - 1, min=0.0) * ~reduce + hyper.cooldown * reduce
    decision = Decision(scale, stop=torch.zeros_like(reduce), keep=torch.ones_like(reduce))
    return State(best, torch.where(reduce, 0.0, bad), rest, scale), decision


CARD = Card(
    summary="lowers the learning rate when the validation loss no longer improves",
    paper="Krizhevsky, Sutskever & Hinton 2012, NeurIPS",
    year=2012,
    ranges={"factor": Range(0.05, 0.8, log=True), "patience": Range(2, 20, log=True)},
    domain={
        "factor": Domain(0.0, 1.0, open_high=True),
        "patience": Domain(0.0),
        "threshold": Domain(0.0, 1.0, open_high=True),
        "cooldown": Domain(0.0),
        "min_scale": Domain(0.0, 1.0),
    },
    torch=(
        "plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(\n"
        "    optimizer, factor={factor}, patience={patience}, threshold={threshold}, cooldown={cooldown},\n"
        "    min_lr={min_scale} * {lr}, eps=0\n"
        ")\n"
        "plateau.step(valid_loss)  # after each epoch"
    ),
)
