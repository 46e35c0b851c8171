"""Lion: every parameter moves by lr, along the sign of a blend of gradient and running mean.

    change = -η [sign(β₁m + (1-β₁)g) + λθ],   then m ← β₂m + (1-β₂)g

η lr · β₁ beta1 · β₂ beta2 · λ weight_decay · θ parameter before the step. All steps are equally long, so
the paper takes lr at a third to a tenth of AdamW's, and λ three to ten times as large.
Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu & Le 2023, Symbolic discovery of
optimization algorithms, arXiv:2302.06675.
Differs from the paper: nothing; the default of λ is 0, as in the authors' program.
Witness: pytorch_optimizer.Lion.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-4
    beta1: Scalar = 0.9
    beta2: Scalar = 0.99
    weight_decay: Scalar = 0.0


class State(NamedTuple):
    mean: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """A zero running mean."""
    return State(precision.zeros(parameter))


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    blend = hyper.beta1 * state.mean + (1 - hyper.beta1) * seen.gradient
    mean = hyper.beta2 * state.mean + (1 - hyper.beta2) * seen.gradient
    return -hyper.lr * (blend.sign() + hyper.weight_decay * parameter), State(mean)


CARD = Card(
    summary="step by lr along the sign of a blend of gradient and running mean",
    paper="Chen et al. 2023, arXiv:2302.06675",
    year=2023,
    parent="momentum",
    title="Lion",
    ranges={
        "lr": Range(1e-6, 1e-2, log=True),
        "beta1": Range(0.8, 0.99),
        "beta2": Range(0.9, 0.999),
        "weight_decay": Range(1e-3, 10.0, log=True),
    },
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta1": Domain(0.0, 1.0, open_high=True),
        "beta2": Domain(0.0, 1.0, open_high=True),
        "weight_decay": Domain(0.0),
    },
    symmetries=("scale", "sign", "permutation"),
    state=1,
)
