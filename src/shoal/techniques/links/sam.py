"""SAM: take the gradient where, within a small ball, the loss is about largest.

    point = θ + ρ g/‖g‖        the rule is given the gradient there

ρ rho · g gradient at θ · ‖g‖ its Euclidean norm over all parameters of the network; where it is 0 the point
is θ itself.
Foret et al. 2020, Sharpness-aware minimization for efficiently improving generalization, arXiv:2010.01412,
algorithm 1 with p = 2.
Differs from the paper: nothing; nothing is added to ‖g‖, where others add 10⁻¹².
Witness: pytorch_optimizer.SAM.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision

PLACE = "point"


class Hyper(NamedTuple):
    rho: Scalar = 0.05


class State(NamedTuple):
    direction: Float[Tensor, "*shape"]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """No direction before the first gradient."""
    return State(precision.zeros(parameter))


def probe(seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The direction of length 1 in which the loss at ``parameter``, all of the member's, grows fastest."""
    gradient = seen.gradient.to(state.direction.dtype)
    length = torch.linalg.vector_norm(gradient)
    return State(torch.where(length == 0, 0.0, gradient / length))


def look(state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """The point at which the gradient is taken, rho away from ``parameter``."""
    return parameter + hyper.rho * state.direction


CARD = Card(
    summary="take the gradient where the loss nearby is about largest",
    paper="Foret et al. 2020, arXiv:2010.01412",
    year=2020,
    ranges={"rho": Range(5e-3, 5e-1, log=True)},
    domain={"rho": Domain(0.0)},
    scope="member",
    evaluations=2.0,
    state=1,
    idle={"rho": 0.0},
    title="SAM",
)
