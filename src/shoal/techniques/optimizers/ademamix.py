"""AdEMAMix: AdamW with a second, much slower running mean of the gradient beside the first.

    m ← β₁m + (1-β₁)g        l ← β₃(t) l + (1-β₃(t))g        v ← β₂v + (1-β₂)g²
    change = -η [(m̂ + α(t) l) / (√v̂ + ε) + λθ],   m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ)
    over the first ``warmup`` steps, p = t/warmup:  α(t) = pα,  1/ln β₃(t) = (1-p)/ln β₁ + p/ln β₃

η lr · β₁ beta1 · β₂ beta2 · β₃ beta3 · α alpha · ε eps · λ weight_decay · warmup in steps, 0 for none: β₃(t)
goes from β₁ to β₃ so that the number of gradients it remembers grows evenly. l is not corrected for its
start.
Pagliardini, Ablin & Grangier 2024, The AdEMAMix optimizer: better, faster, older, arXiv:2409.03137.
Differs from the paper: nothing; its two lengths of warming up, of α and of β₃, are one here, as in its
experiments. For α = 0 it is AdamW. Witness: pytorch_optimizer.AdEMAMix.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-3
    beta1: Scalar = 0.9
    beta2: Scalar = 0.999
    beta3: Scalar = 0.9999
    alpha: Scalar = 5.0
    eps: Scalar = 1e-8
    weight_decay: Scalar = 0.0
    warmup: Scalar = 0.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    slow: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running means and square, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    step = state.step + 1
    warm = torch.clamp(step / hyper.warmup, max=1.0)
    beta3 = _slow_decay(step, hyper)
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    slow = beta3.to(step.dtype) * state.slow + (1 - beta3).to(step.dtype) * seen.gradient
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    direction = mean / (1 - hyper.beta1**step) + warm * hyper.alpha * slow
    adaptive = direction / ((square / (1 - hyper.beta2**step)).sqrt() + hyper.eps)
    return -hyper.lr * (adaptive + hyper.weight_decay * parameter), State(step, mean, slow, square)


def _slow_decay(step: Float[Tensor, ""], hyper: Hyper) -> Float[Tensor, ""]:
    """β₃(t) in float64: of 1 - β₃(t) a float32 would keep three digits."""
    one = torch.ones_like(step, dtype=torch.float64)
    warm = torch.clamp(step / (hyper.warmup * one), max=1.0)
    beta3 = hyper.beta3 * one
    # ln β₁ divides, so that β₁ = 0, whose logarithm is -∞, begins at β₃(t) = 0
    warming = beta3.log() / ((1 - warm) * beta3.log() / (hyper.beta1 * one).log() + warm)
    return torch.where(warm < 1, torch.minimum(warming.exp(), beta3), beta3)


CARD = Card(
    summary="step along a fast and a much slower running mean of the gradient, scaled as in Adam",
    paper="Pagliardini, Ablin & Grangier 2024, arXiv:2409.03137",
    year=2024,
    parent="adamw",
    title="AdEMAMix",
    ranges={
        "lr": Range(1e-5, 1e-1, log=True),
        "beta2": Range(0.9, 0.9999),
        "beta3": Range(0.99, 0.9999),
        "alpha": Range(1.0, 10.0),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "beta3": Domain(0.0, 1.0, open_low=True, open_high=True),
        "alpha": Domain(0.0),
        "eps": Domain(0.0),
        "weight_decay": Domain(0.0),
        "warmup": Domain(0.0),
    },
    contains=("adamw", "adam", "momentum", "sgd"),
    symmetries=("scale", "sign", "permutation"),
    state=3,
)
