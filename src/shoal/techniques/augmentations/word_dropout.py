"""Word dropout: tokens are replaced by the unknown one at random.

    token ← 1 where u < p and token ≠ 0,   u ~ U(0, 1) anew for each token, row and step

p rate. 1 is the token of unknown words, 0 fills short rows up and stays.
Iyyer, Manjunatha, Boyd-Graber & Daumé 2015, Deep unordered composition rivals syntactic methods for text
classification, ACL.
Differs from the paper: there tokens are left out of an average; a token that stays in its place as an unknown
one works in every network. Noise comes from a counter, so a member's noise is its own in any company.
Witness: the noise from plain Python integers.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import counter_noise

PLACE = "inputs"
INPUTS = "tokens"


class Hyper(NamedTuple):
    rate: Scalar = 0.1


def apply(
    x: Float[Tensor, "rows *length"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows *length"]:
    """Token numbers ``x`` [rows, length] with noise from ``key`` (int64); for training only."""
    noise = counter_noise.uniform(key, x.shape, torch.promote_types(x.dtype, torch.float32))
    return torch.where((noise < hyper.rate) & (x != 0), 1.0, x)


CARD = Card(
    title="Word dropout",
    summary="replaces tokens by the unknown one at random in training",
    paper="Iyyer et al. 2015, ACL",
    year=2015,
    ranges={"rate": Range(0.0, 0.5)},
    domain={"rate": Domain(0.0, 1.0)},
    torch="word_dropout = lambda x: x.where((torch.rand(x.shape) >= {rate}) | (x == 0), torch.ones_like(x))",
)
