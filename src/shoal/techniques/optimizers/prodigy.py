"""Prodigy: D-Adapt Adam with gradients weighted by the distance, which finds the distance sooner.

    γ = ηd        n ← √β₂ n + γ(d/d₀)⟨g, θ₀ - θ⟩        s ← √β₂ s + γ(d/d₀)g
    m ← β₁m + (1-β₁)dg        v ← β₂v + (1-β₂)d²g²
    d ← max(d, κ n/‖s‖₁)        change = -γ m/(√v + dε) - γλθ

η lr · β₁ beta1 · β₂ beta2 · ε eps · λ weight_decay · d starts at d₀ d0 · κ d_coef · γ is the one before d
grows · norms and products over all parameters of a member.
Mishchenko & Defazio 2023, Prodigy: an expeditiously adaptive parameter-free learner, arXiv:2306.06101.
Differs from the paper: the dε beside √v has the d after it grew, as in the authors' package. Of the
package's options these are the defaults: beta3, the factor of n and s, is √β₂ always and no hyperparameter
here; decay is decoupled, growth_rate infinite; use_bias_correction, safeguard_warmup, slice_p are left out.
Witness: prodigyopt.Prodigy.
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
    d_coef: Scalar = 1.0


class State(NamedTuple):
    d: Float[Tensor, ""]
    numerator: Float[Tensor, ""]
    start: Float[Tensor, "*shape"]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]
    s: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The distance is guessed as d0; zero running mean, square and sum."""
    zeros = precision.zeros(parameter)
    none = zeros.new_zeros(())
    return State(none + hyper.d0, none, zeros + parameter, zeros, zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it; none before the first gradient."""
    lr, keep = state.d * hyper.lr, hyper.beta2**0.5
    weight = lr * state.d / hyper.d0
    numerator = keep * state.numerator + weight * (seen.gradient * (state.start - parameter)).sum()
    s = keep * state.s + weight * seen.gradient
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * state.d * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * (state.d * seen.gradient) ** 2
    size = s.abs().sum()
    bound = torch.where(size > 0, hyper.d_coef * numerator / size, 0.0)
    d = torch.maximum(state.d, bound)
    change = -lr * (mean / (square.sqrt() + d * hyper.eps) + hyper.weight_decay * parameter)
    return torch.where(size > 0, change, 0.0), State(d, numerator, state.start, mean, square, s)


CARD = Card(
    title="Prodigy",
    summary="Adam that learns how far away the solution is, from gradients weighted by it",
    paper="Mishchenko & Defazio 2023, arXiv:2306.06101",
    year=2023,
    parent="d_adapt_adam",
    ranges={
        "lr": Range(0.1, 10.0, log=True),
        "d_coef": Range(0.1, 10.0, log=True),
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
        "d_coef": Domain(0.0, open_low=True),
    },
    scope="member",
    state=4,
    symmetries=("scale", "sign", "permutation"),
)
