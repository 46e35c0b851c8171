"""muP: changes of weights shrink with the width of their inputs, so that one lr suits every width.

    change ← change · base / fan_in        of weights with two or more dimensions; vectors pass

base the width at which the rule's own lr holds · fan_in inputs of a unit, kernel positions counted.
Yang et al. 2022, Tensor Programs V: tuning large neural networks via zero-shot hyperparameter transfer,
arXiv:2203.03466, table 3, the column of Adam: for rules whose changes do not grow with the gradient. Stands
behind such a rule, beside the initializer mup.
Differs from the paper: the first layer's changes are divided by its fan_in, too, which is the number of
features, the same at every width: a constant of the task. A decay inside the rule's change shrinks along.
Witness: table 3 in plain floats.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain
from shoal.techniques.kinds import Scalar, Seen

PLACE = "change"


class Hyper(NamedTuple):
    base: Scalar = 64.0


class State(NamedTuple):
    """Nothing is remembered."""


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The empty state."""
    return State()


def apply(
    seen: Seen,
    change: Float[Tensor, "*shape"],
    state: State,
    parameter: Float[Tensor, "*shape"],
    hyper: Hyper,
) -> tuple[Float[Tensor, "*shape"], State]:
    """The scaled change of ``parameter``, one tensor of the network, and the state."""
    if parameter.dim() < 2:
        return change, state
    inputs = tuple(range(1, parameter.dim()))
    # a sum of ones, as a symbolic size times a tensor does not trace for any sizes under vmap
    fan_in = torch.ones_like(change).sum(inputs, keepdim=True)
    return change * (hyper.base / fan_in), state


CARD = Card(
    summary="shrink changes of weights with their inputs, so that one lr suits every width",
    paper="Yang et al. 2022, arXiv:2203.03466",
    year=2022,
    domain={"base": Domain(0.0, open_low=True)},
    scope="tensor",
    title="muP",
)
