"""Gradient clipping by norm: a gradient that is too long is shortened, its direction kept.

    g ← g · min(1, c / (‖g‖ + 10⁻⁶)),   ‖g‖ over all parameters together

c max_norm.
Pascanu, Mikolov & Bengio 2012, On the difficulty of training recurrent neural networks, arXiv:1211.5063.
Differs from the paper: the 10⁻⁶, which is torch's. Witness: torch.nn.utils.clip_grad_norm_.
"""

from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar

PLACE = "gradient"


class Hyper(NamedTuple):
    max_norm: Scalar = 1.0


def apply(
    gradient: Float[Tensor, " parameters"], key: Int[Tensor, ""], step: Float[Tensor, ""], hyper: Hyper
) -> Float[Tensor, " parameters"]:
    """The gradient of all parameters [parameters], at most ``max_norm`` long."""
    norm = (gradient**2).sum().sqrt()
    return gradient * (hyper.max_norm / (norm + 1e-6)).clamp(max=1)


CARD = Card(
    summary="shortens a gradient that is too long, its direction kept",
    paper="Pascanu, Mikolov & Bengio 2012, arXiv:1211.5063",
    year=2012,
    scope="member",
    ranges={"max_norm": Range(0.01, 10.0, log=True)},
    domain={"max_norm": Domain(0.0, open_low=True)},
    torch="torch.nn.utils.clip_grad_norm_(model.parameters(), {max_norm})",
)
