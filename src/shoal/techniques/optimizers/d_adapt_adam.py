"""D-Adapt Adam: Adam that learns, from a lower bound, how far away the solution is, and steps by that.

    γ = ηd        n ← √β₂ n + (1-√β₂) γ ⟨g, s/(√v + ε)⟩
    m ← β₁m + (1-β₁)γg        v ← β₂v + (1-β₂)g²        s ← √β₂ s + (1-√β₂)γg
    d ← max(d, min(n / ((1-√β₂)‖s‖₁), κd))        change = -m/(√v + ε) - γλθ

η lr · β₁ beta1 · β₂ beta2 · ε eps · λ weight_decay · d starts at d0 · κ growth_rate · the v in n is the one
before the step · norms and products over all parameters of a member.
Defazio & Mishchenko 2023, Learning-rate-free learning by D-Adaptation, arXiv:2301.07733.
Differs from the paper: growth_rate and weight_decay are the authors' package's; its growth_rate is infinite
by default, ours 1e30, which limits as little, because hyperparameters are finite. Of the package's options
this is decouple=True (the penalty ``l2`` does what decouple=False, the default, does) and, as by default,
use_bias_correction=False; layer_scale is left out.
Witness: dadaptation.DAdaptAdam.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1.0
    beta1: Scalar = 0.9
    beta2: Scalar = 0.999
    eps: Scalar = 1e-8
    weight_decay: Scalar = 0.0
    d0: Scalar = 1e-6
    growth_rate: Scalar = 1e30


class State(NamedTuple):
    d: Float[Tensor, ""]
    numerator: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]
    s: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The distance is guessed as d0; zero running mean, square and sum."""
    zeros = precision.zeros(parameter)
    none = zeros.new_zeros(())
    return State(none + hyper.d0, none, zeros, zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it; none before the first gradient."""
    lr, keep = state.d * hyper.lr, hyper.beta2**0.5
    weighted = (seen.gradient * state.s / (state.square.sqrt() + hyper.eps)).sum()
    numerator = keep * state.numerator + (1 - keep) * lr * weighted
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * lr * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    s = keep * state.s + (1 - keep) * lr * seen.gradient
    size = s.abs().sum()
    bound = torch.where(size > 0, numerator / ((1 - keep) * size), 0.0)
    d = torch.maximum(state.d, torch.minimum(bound, state.d * hyper.growth_rate))
    change = -mean / (square.sqrt() + hyper.eps) - lr * hyper.weight_decay * parameter
    return torch.where(size > 0, change, 0.0), State(d, numerator, mean, square, s)


CARD = Card(
    title="DAdaptAdam",
    summary="Adam that learns how far away the solution is and sets its step by that",
    paper="Defazio & Mishchenko 2023, arXiv:2301.07733",
    year=2023,
    parent="adam",
    ranges={
        "lr": Range(0.1, 10.0, log=True),
        "beta1": Range(0.8, 0.99),
        "beta2": Range(0.9, 0.9999),
        "weight_decay": Range(1e-4, 1.0, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0, open_low=True),
        "weight_decay": Domain(0.0),
        "d0": Domain(0.0, open_low=True),
        "growth_rate": Domain(1.0),
    },
    scope="member",
    state=3,
    symmetries=("scale", "sign", "permutation"),
)
