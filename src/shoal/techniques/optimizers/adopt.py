"""ADOPT: Adam whose scale comes from earlier gradients only, and before the mean is taken.

    m ← β₁m + (1-β₁) clip(g / max(√v, ε), ±c t^¼)        change = -η m,   then v ← β₂v + (1-β₂)g²

η lr · β₁ beta1 · β₂ beta2 · ε eps · c clip · t gradients seen before. At the first t = 0: it only
sets v ← g², and nothing moves.
Taniguchi, Harada, Minegishi, Oshima, Jeong, Nagahara, Iiyama, Suzuki, Iwasawa & Matsuo 2024, ADOPT: modified
Adam can converge with any β₂ with the optimal rate, arXiv:2411.02853.
Differs from the paper: c, which is 1 in its final version (clipped ADOPT, as here); a c that nothing reaches,
1e9, gives the version without clipping. Weight decay is left out. Witness: algorithm 2 in plain floats.
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
    beta2: Scalar = 0.9999
    eps: Scalar = 1e-6
    clip: Scalar = 1.0


class State(NamedTuple):
    step: Float[Tensor, ""]
    mean: Float[Tensor, "*shape"]
    square: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running mean and square, step 0."""
    zeros = precision.zeros(parameter)
    return State(zeros.new_zeros(()), zeros, zeros)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it; the first change is 0."""
    bound = hyper.clip * state.step**0.25  # 0 at the first gradient, which therefore moves nothing
    floor = hyper.eps * torch.ones_like(state.step)
    scaled = seen.gradient / torch.maximum(state.square.sqrt(), floor)
    mean = hyper.beta1 * state.mean + (1 - hyper.beta1) * scaled.clamp(-bound, bound)
    square = hyper.beta2 * state.square + (1 - hyper.beta2) * seen.gradient**2
    square = torch.where(state.step == 0, seen.gradient**2, square)
    return -hyper.lr * mean, State(state.step + 1, mean, square)


CARD = Card(
    summary="Adam whose scale comes from earlier gradients only, before the mean is taken",
    paper="Taniguchi et al. 2024, arXiv:2411.02853",
    year=2024,
    parent="adam",
    title="ADOPT",
    ranges={"lr": Range(1e-5, 1e-1, log=True), "beta1": Range(0.8, 0.99), "beta2": Range(0.9, 0.9999)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "eps": Domain(0.0, open_low=True),
        "clip": Domain(0.0, open_low=True),
    },
    symmetries=("scale", "sign", "permutation"),
    state=2,
)
