"""Cautious mask: only those changes are made that go against the gradient, and these are enlarged.

    s = 1 where sign(change) = -sign(g) ≠ 0, else 0        change ← change · s / (mean(s) + ε)

ε eps · g gradient · mean over one parameter tensor.
Liang et al. 2024, Cautious optimizers: improving training with one line of code,
arXiv:2411.16085, algorithm 1.
Differs from the paper: the whole change is masked, with the decay that a rule such as AdamW adds; in the
paper decay is done beside the mask. Signs are compared, as products of small numbers round to 0. The paper
gives no number for ε. Its text and the authors' first code divide by (kept + 1)/size, which is ε = 1/size
here; their later code by max(mean(s), 10⁻³). Witness: pytorch_optimizer.Lion(cautious=True), algorithm 1 on
torch.optim.Adam.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen

PLACE = "change"


class Hyper(NamedTuple):
    eps: Scalar = 1e-3


class State(NamedTuple):
    """Nothing is remembered."""


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The empty state."""
    return State()


def apply(
    seen: Seen,
    change: Float[Tensor, "*shape"],
    state: State,
    parameter: Float[Tensor, "*shape"],
    hyper: Hyper,
) -> tuple[Float[Tensor, "*shape"], State]:
    """The masked change of ``parameter``, one tensor of the network, and the state."""
    mask = (change.sign() * seen.gradient.sign() < 0).to(change.dtype)
    return change * (mask / (mask.mean() + hyper.eps)), state


CARD = Card(
    summary="make only changes that go against the gradient, and enlarge these",
    paper="Liang et al. 2024, arXiv:2411.16085",
    year=2024,
    ranges={"eps": Range(1e-4, 1e-1, log=True)},
    domain={"eps": Domain(0.0, open_low=True)},
    scope="tensor",
    title="Cautious",
)
