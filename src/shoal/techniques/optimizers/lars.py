"""LARS: momentum, with a learning rate of its own for each parameter tensor, by the tensor's size.

    r = τ‖θ‖ / (‖g‖ + λ‖θ‖)        b ← μb + η r (g + λθ)        change = -b

η lr · μ momentum · τ trust_coefficient · λ weight_decay · θ one parameter tensor before the step · ‖·‖ its
Euclidean norm · b buffer, 0 before the first step. Where ‖θ‖ or ‖g‖ + λ‖θ‖ is 0, r is 1 (not τ): biases of
zeros start as in momentum.
You, Gitman & Ginsburg 2017, Large batch training of convolutional networks, arXiv:1708.03888, algorithm 1.
Differs from the paper: its fixed polynomial decay of η is a schedule's work, and it does not say what r is
at 0. As in the paper η is inside the buffer, so a schedule does not scale what the buffer remembers, and
every tensor has its r, biases too. Witness: pytorch_optimizer.LARS, for vectors algorithm 1 in plain floats.
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
    momentum: Scalar = 0.9
    weight_decay: Scalar = 0.0
    trust_coefficient: Scalar = 1e-3


class State(NamedTuple):
    buffer: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """A zero buffer."""
    return State(precision.zeros(parameter))


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, one tensor of the network, and the state after it."""
    size = torch.linalg.vector_norm(parameter, dtype=state.buffer.dtype)
    steepness = torch.linalg.vector_norm(seen.gradient, dtype=state.buffer.dtype)
    whole = steepness + hyper.weight_decay * size
    rate = torch.where((size > 0) & (whole > 0), hyper.trust_coefficient * size / whole, 1.0)
    decayed = seen.gradient + hyper.weight_decay * parameter
    buffer = hyper.momentum * state.buffer + hyper.lr * rate * decayed
    return -buffer, State(buffer)


CARD = Card(
    summary="momentum with a learning rate for each tensor, by the tensor's size",
    paper="You, Gitman & Ginsburg 2017, arXiv:1708.03888",
    year=2017,
    parent="momentum",
    ranges={
        "lr": Range(1e-2, 1e2, log=True),
        "momentum": Range(0.5, 0.99),
        "weight_decay": Range(1e-5, 1e-2, log=True),
        "trust_coefficient": Range(1e-3, 1e-1, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "momentum": Domain(0.0, 1.0, open_high=True),
        "weight_decay": Domain(0.0),
        "trust_coefficient": Domain(0.0, open_low=True),
    },
    scope="tensor",
    state=1,
    title="LARS",
    symmetries=("scale", "sign", "permutation", "rotation"),
)
