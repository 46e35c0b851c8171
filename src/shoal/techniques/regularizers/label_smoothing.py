"""Label smoothing: aim at a mixture of the true class and all classes alike.

    q = (1-s) · onehot(y) + s / K     for K classes

s smoothing (torch: label_smoothing). Acts in training only: losses that are reported are of true classes.
Szegedy, Vanhoucke, Ioffe, Shlens & Wojna 2015, Rethinking the Inception architecture for computer vision,
arXiv:1512.00567.
Differs from the paper: nothing (its prior over classes is the uniform one).
Witness: torch.nn.functional.cross_entropy(label_smoothing=s).
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar

PLACE = "target"


class Hyper(NamedTuple):
    smoothing: Scalar = 0.1


def apply(target: Float[Tensor, "rows classes"], hyper: Hyper) -> Float[Tensor, "rows classes"]:
    """The probabilities to aim at, from those that were aimed at before; rows still sum to 1."""
    alike = torch.ones_like(target) / target.shape[-1]
    return (1 - hyper.smoothing) * target + hyper.smoothing * alike


CARD = Card(
    summary="aims at a mixture of the true class and all classes alike",
    paper="Szegedy et al. 2015, arXiv:1512.00567",
    year=2015,
    ranges={"smoothing": Range(0.0, 0.3)},
    domain={"smoothing": Domain(0.0, 1.0, open_high=True)},
    torch="torch.nn.CrossEntropyLoss(label_smoothing={smoothing})",
)
