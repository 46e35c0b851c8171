"""SwiGLU: one linear map of the input, gated by the swish of another.

    y = x ⊗ gate σ(β gate),   x and gate the two halves of a layer with twice the outputs

β beta. The hidden layers have about twice the weights of other activations' at equal width.
Shazeer 2020, GLU variants improve transformer, arXiv:2002.05202.
Differs from the paper: it stands in every hidden layer, there in those of a transformer's feed-forward parts,
a third narrower to have equal numbers of weights; here the width is the recipe's. Biases are kept.
Witness: torch.nn.functional.silu, torch.nn.functional.glu's halves.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar

PLACE = "gated"


class Hyper(NamedTuple):
    beta: Scalar = 1.0


def apply(x: Float[Tensor, "*shape"], gate: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """Element by element."""
    return x * gate * torch.sigmoid(hyper.beta * gate)


CARD = Card(
    summary="one linear map of the input, gated by the swish of another",
    paper="Shazeer 2020, arXiv:2002.05202",
    year=2020,
    parent="swish",
    ranges={"beta": Range(0.3, 3.0, log=True)},
    domain={"beta": Domain(0.0)},
    torch=("lambda x: x.chunk(2, -1)[0] * x.chunk(2, -1)[1] * torch.sigmoid({beta} * x.chunk(2, -1)[1])"),
    title="SwiGLU",
)
