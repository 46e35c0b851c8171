"""L1: a penalty on the absolute values of the weights, added to the loss.

    penalty = λ · Σ |w|   over all weights; 0 for parameters that are no weights

λ coefficient. Its gradient is λ sign(w), and 0 at w = 0: every weight is pulled to zero with one strength.
Tibshirani 1996, Regression shrinkage and selection via the lasso, J. R. Statist. Soc. B 58.
Differs from the paper: weights of networks instead of regression coefficients, by (sub)gradient steps, which
make weights small and not exactly zero. Witness: torch.nn.L1Loss against zero.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import WEIGHTS, Scalar

PLACE = "loss"


class Hyper(NamedTuple):
    coefficient: Scalar = 1e-5


def penalty(parameter: Float[Tensor, "*shape"], role: str, hyper: Hyper) -> Float[Tensor, ""]:
    """What one parameter [*shape] with its role adds to the loss."""
    if role not in WEIGHTS:
        return parameter.new_zeros(())
    return hyper.coefficient * parameter.abs().sum()


CARD = Card(
    summary="a penalty on the absolute values of the weights, added to the loss",
    paper="Tibshirani 1996, J. R. Statist. Soc. B 58",
    year=1996,
    parent="l2",
    ranges={"coefficient": Range(1e-7, 1e-2, log=True)},
    domain={"coefficient": Domain(0.0)},
    torch="loss = loss + {coefficient} * sum(p.abs().sum() for p in model.parameters() if p.ndim > 1)",
)
