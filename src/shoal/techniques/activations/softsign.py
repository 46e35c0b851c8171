"""Softsign: squeezes into (-1, 1), around 0, and saturates far more slowly than tanh.

    y = x / (1 + |x|)

Turian, Bergstra & Bengio 2009, Quadratic features and deep architectures for chunking, NAACL.
Differs from the paper: nothing. Witness: torch.nn.functional.softsign.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card


class Hyper(NamedTuple):
    """Nothing to choose."""


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    return x / (1 + x.abs())


CARD = Card(
    summary="squeezes into (-1, 1), around 0, more slowly than tanh",
    paper="Turian, Bergstra & Bengio 2009, NAACL",
    year=2009,
    parent="tanh",
    torch="torch.nn.Softsign()",
    title="Softsign",
)
