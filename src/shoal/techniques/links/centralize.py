"""Gradient centralization: take the mean from the gradient of each output unit's weights.

    g ← g - mean of g over all dimensions but the first

Matrices [out, in] and kernels [out, in, *]; vectors (biases, norms) pass as they are.
Yong et al. 2020, Gradient centralization: a new optimization technique for deep neural networks,
arXiv:2004.01461.
Differs from the paper: nothing. What a rule behind the link adds to the gradient, such as weight decay, is
not centralized. Witness: pytorch_optimizer's centralize_gradient before torch.optim.SGD.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card
from shoal.techniques.kinds import Seen

PLACE = "gradient"


class Hyper(NamedTuple):
    """Nothing to choose."""


class State(NamedTuple):
    """Nothing is remembered."""


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The empty state."""
    return State()


def apply(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The centralized gradient of ``parameter``, one tensor of the network, and the state."""
    gradient = seen.gradient
    if gradient.dim() < 2:
        return gradient, state
    return gradient - gradient.mean(tuple(range(1, gradient.dim())), keepdim=True), state


CARD = Card(
    summary="take the mean from the gradient of each output unit's weights",
    paper="Yong et al. 2020, arXiv:2004.01461",
    year=2020,
    scope="tensor",
    title="GradientCentralization",
    torch="for one in model.parameters():\n    if one.grad is not None and one.ndim > 1:\n"
    "        one.grad -= one.grad.mean(tuple(range(1, one.ndim)), keepdim=True)",
)
