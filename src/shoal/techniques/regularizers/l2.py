"""L2: a penalty on the size of the weights, added to the loss.

    penalty = λ/2 · Σ w²   over all weights; 0 for parameters that are no weights

λ coefficient. Its gradient is λw, so under plain SGD it is weight decay; under Adam it is not (see AdamW).
Krogh & Hertz 1991, A simple weight decay can improve generalization, NeurIPS.
Differs from torch's weight_decay: biases and normalization parameters are left alone, which torch decays
too. Witness: torch.optim.SGD(weight_decay=λ) on the matrices.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import WEIGHTS, Scalar

PLACE = "loss"


class Hyper(NamedTuple):
    coefficient: Scalar = 1e-4


def penalty(parameter: Float[Tensor, "*shape"], role: str, hyper: Hyper) -> Float[Tensor, ""]:
    """What one parameter [*shape] with its role adds to the loss."""
    if role not in WEIGHTS:
        return parameter.new_zeros(())
    return hyper.coefficient / 2 * (parameter**2).sum()


CARD = Card(
    summary="a penalty on the squares of the weights, added to the loss",
    paper="Krogh & Hertz 1991, NeurIPS",
    year=1991,
    ranges={"coefficient": Range(1e-6, 1e-1, log=True)},
    domain={"coefficient": Domain(0.0)},
    torch="loss = loss + {coefficient} / 2 * sum((p**2).sum() for p in model.parameters() if p.ndim > 1)",
)
