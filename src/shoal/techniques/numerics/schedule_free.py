"""Schedule-free averaging: three sequences of weights, of which two are kept.

    z ← z - γd        x ← (1-c)x + cz        y = (1-β)z + βx

d is the step's direction at y, where gradients are taken; y is the parameter that is trained, z is state and
x, the average that is evaluated, follows from the two.
Defazio et al. 2024, The road less scheduled, arXiv:2405.15682.
"""

import torch
from jaxtyping import Float
from torch import Tensor

Scalar = float | Tensor


def warmed(lr: Scalar, step: Float[Tensor, ""], warmup_steps: Scalar) -> Float[Tensor, ""]:
    """The lr γ of step 1, 2, ...: it rises in a line up to step ``warmup_steps`` (0: from the start)."""
    return lr * (step / warmup_steps).clamp(max=1)


def share(
    step: Float[Tensor, ""],
    lr_max: Float[Tensor, ""],
    weight_sum: Float[Tensor, ""],
    r: Scalar,
    weight_lr_power: Scalar,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """c, the newest z's share in the average, and the sum of all weights stepʳ · lr_max^weight_lr_power.

    ``weight_sum`` is the sum before this step. While all weights were 0 (lr 0), c is 0.
    """
    weight = step**r * lr_max**weight_lr_power
    weight_sum = weight_sum + weight
    return torch.where(weight_sum > 0, weight / weight_sum, 0.0), weight_sum


def move(
    y: Float[Tensor, "*shape"],
    z: Float[Tensor, "*shape"],
    direction: Float[Tensor, "*shape"],
    lr: Float[Tensor, ""],
    share: Float[Tensor, ""],
    beta: Scalar,
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """The change of y, and z after the step, all [*shape]."""
    change = share * (z - y) + lr * (beta * (1 - share) - 1) * direction
    return change, z - lr * direction


def average(y: Float[Tensor, "*shape"], z: Float[Tensor, "*shape"], beta: Scalar) -> Float[Tensor, "*shape"]:
    """x [*shape], of which and z the trained y is the mean; ``beta`` is above 0."""
    return z + (y - z) / beta
