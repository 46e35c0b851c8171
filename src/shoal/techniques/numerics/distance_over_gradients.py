"""Distance over gradients: a step size from how far the weights came and how large the gradients were.

    r̄ ← max(r̄, ‖θ - θ₀‖)        G ← G + ‖g‖²        step size r̄ / √G

Ivgi et al. 2023, DoG is SGD's best friend: a parameter-free dynamic step size schedule, arXiv:2302.12022.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.numerics import precision

Scalar = float | Tensor


class State(NamedTuple):
    """step: steps done []. distance: r̄ []. gradients: G []. start: θ₀ [*shape]. average: the weights'
    polynomial average without the newest ones [*shape]."""

    step: Float[Tensor, ""]
    distance: Float[Tensor, ""]
    gradients: Float[Tensor, ""]
    start: Float[Tensor, "*shape"]
    average: Float[Tensor, "*shape"]


def begin(parameter: Float[Tensor, "*shape"], reps_rel: Scalar, eps: Scalar) -> State:
    """r̄ = ``reps_rel`` (1 + ‖θ₀‖), G = ``eps``, nothing averaged yet."""
    start = precision.zeros(parameter) + parameter
    none = start.new_zeros(())
    return State(none, none + reps_rel * (1 + start.norm()), none + eps, start, start)


def step_size(
    state: State, parameter: Float[Tensor, "*shape"], gradient: Float[Tensor, "*shape"], gamma: Scalar
) -> tuple[Float[Tensor, ""], State]:
    """r̄ / √G [], 0 while all gradients (and eps) were 0, and the state after the step."""
    distance = torch.maximum(state.distance, (parameter - state.start).norm())
    gradients = state.gradients + gradient.square().sum()
    size = torch.where(gradients > 0, distance / gradients.sqrt(), 0.0)
    mean = average(state, parameter, gamma)
    return size, State(state.step + 1, distance, gradients, state.start, mean)


def average(state: State, parameter: Float[Tensor, "*shape"], gamma: Scalar) -> Float[Tensor, "*shape"]:
    """The polynomial average of the weights after each step, ``parameter`` being the newest; [*shape].

    After step t the newest get the share (1+γ)/(t+γ). Before the first step it is ``parameter`` itself.
    Shamir & Zhang 2013, arXiv:1212.1824.
    """
    share = (1 + gamma) / (state.step.clamp(min=1) + gamma)
    mean = state.average + share * (parameter - state.average)
    return torch.where(state.step > 0, mean, parameter.to(mean.dtype))
