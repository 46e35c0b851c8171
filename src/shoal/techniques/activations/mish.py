"""Mish: x, weighed by the tanh of its softplus.

    y = x tanh(log(1 + eˣ))

Misra 2019, Mish: a self regularized non-monotonic activation function, arXiv:1908.08681.
Differs from the paper: nothing. Witness: torch.nn.functional.mish.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card


class Hyper(NamedTuple):
    """Nothing to choose."""


def apply(x: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    return x * torch.tanh(torch.logaddexp(x, torch.zeros_like(x)))


CARD = Card(
    summary="weighs x by the tanh of its softplus",
    paper="Misra 2019, arXiv:1908.08681",
    year=2019,
    parent="swish",
    torch="torch.nn.Mish()",
    title="Mish",
)
