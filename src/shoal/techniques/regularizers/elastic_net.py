"""Elastic net: a mixture of the L1 and the L2 penalty on the weights, added to the loss.

    penalty = λ (ρ Σ |w| + (1-ρ)/2 Σ w²)   over all weights; 0 for parameters that are no weights

λ coefficient · ρ l1_ratio (1 is L1, 0 is L2; named as in scikit-learn).
Zou & Hastie 2005, Regularization and variable selection via the elastic net, J. R. Statist. Soc. B 67.
Differs from the paper: one strength and a share in place of λ₁ and λ₂ (as in scikit-learn), no rescaling of
the solution by 1 + λ₂. Witness: the optimum that sklearn.linear_model.ElasticNet finds.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import WEIGHTS, Scalar

PLACE = "loss"


class Hyper(NamedTuple):
    coefficient: Scalar = 1e-5
    l1_ratio: Scalar = 0.5


def penalty(parameter: Float[Tensor, "*shape"], role: str, hyper: Hyper) -> Float[Tensor, ""]:
    """What one parameter [*shape] with its role adds to the loss."""
    if role not in WEIGHTS:
        return parameter.new_zeros(())
    sizes, squares = parameter.abs().sum(), (parameter**2).sum()
    return hyper.coefficient * (hyper.l1_ratio * sizes + (1 - hyper.l1_ratio) / 2 * squares)


CARD = Card(
    summary="a mixture of the L1 and the L2 penalty on the weights, added to the loss",
    paper="Zou & Hastie 2005, J. R. Statist. Soc. B 67",
    year=2005,
    parent="l1",
    ranges={"coefficient": Range(1e-7, 1e-2, log=True), "l1_ratio": Range(0.1, 0.9)},
    domain={"coefficient": Domain(0.0), "l1_ratio": Domain(0.0, 1.0)},
    torch=(
        "weights = [p for p in model.parameters() if p.ndim > 1]\n"
        "penalty = sum({l1_ratio} * p.abs().sum() + (1 - {l1_ratio}) / 2 * (p**2).sum() for p in weights)\n"
        "loss = loss + {coefficient} * penalty"
    ),
)
