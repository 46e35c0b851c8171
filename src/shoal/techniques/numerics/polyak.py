"""Polyak's step size: as far as the loss, were it as steep all the way, would fall to its lower bound.

Polyak 1987, Introduction to optimization; for batches Loizou et al. 2020, arXiv:2002.10542.
"""

import torch
from jaxtyping import Float
from torch import Tensor

Scalar = float | Tensor


def step_size(gap: Float[Tensor, ""], square: Float[Tensor, ""], most: Scalar) -> Float[Tensor, ""]:
    """min(gap₊ / square, most), []; 0 where ``square`` is 0, because then there is no direction to go.

    gap: how far the loss, or its model, is above its lower bound; below it the step is 0. square: the
    direction's squared norm. most: the largest step size allowed.
    """
    return torch.where(square > 0, gap.clamp(min=0) / square, 0.0).clamp(max=most)
