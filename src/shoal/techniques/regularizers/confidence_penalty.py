"""Confidence penalty: outputs that are sure of a class cost something, whichever the class.

    loss of a row ← loss - β H(p),   H(p) = -Σ p log p,   p = softmax(logits)

β coefficient. Acts in training only: losses that are reported are without it.
Pereyra, Tucker, Chorowski, Kaiser & Hinton 2017, Regularizing neural networks by penalizing confident output
distributions, arXiv:1701.06548.
Differs from the paper: nothing; its variants (annealed β, a threshold on H) are left out.
Witness: torch.distributions.Categorical.entropy.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar

PLACE = "output"


class Hyper(NamedTuple):
    coefficient: Scalar = 0.1


def penalty(output: Float[Tensor, "rows classes"], hyper: Hyper) -> Float[Tensor, " rows"]:
    """What logits [rows, classes] add to each row's loss [rows]: never above 0."""
    score = torch.log_softmax(output, -1)
    return hyper.coefficient * (score.exp() * score).sum(-1)


CARD = Card(
    title="Confidence penalty",
    summary="makes outputs that are sure of a class cost something, whichever the class",
    paper="Pereyra et al. 2017, arXiv:1701.06548",
    year=2017,
    parent="label_smoothing",
    ranges={"coefficient": Range(0.01, 4.0, log=True)},
    domain={"coefficient": Domain(0.0)},
    torch="lambda output: -{coefficient} * torch.distributions.Categorical(logits=output).entropy().mean()",
)
