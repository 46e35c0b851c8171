"""Squared ReLU: cuts what is negative and squares the rest.

    y = max(x, 0)²

So, Mańke, Liu, Dai, Shazeer & Le 2021, Primer: searching for efficient transformers for language modeling,
arXiv:2109.08668.
Differs from the paper: nothing. Witness: torch.nn.functional.relu, squared.
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
    return torch.relu(x).square()


CARD = Card(
    summary="cuts what is negative and squares the rest",
    paper="So, Mańke, Liu, Dai, Shazeer & Le 2021, arXiv:2109.08668",
    year=2021,
    parent="relu",
    torch="lambda x: torch.relu(x).square()",
    title="Squared ReLU",
)
