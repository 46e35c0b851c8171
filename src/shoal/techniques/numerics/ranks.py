"""Which share of numbers is largest, by rank, so that the share may be a tensor."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def below_largest(score: Float[Tensor, "*shape"], fraction: float | Tensor) -> Bool[Tensor, "*shape"]:
    """Where ``score`` [*shape] is not among the largest ``fraction`` of its n numbers, [*shape].

    ``fraction`` is in (0, 1]. The largest are max(1, round(fraction·n)) numbers, halves rounded to the even
    count, and all that tie with the smallest of them. NaN is below nothing, and nothing is below NaN.
    """
    flat = score.flatten()
    # sums of ones, as under vmap neither a symbolic size times a tensor nor gather traces for any sizes
    ones = torch.ones_like(flat, dtype=torch.float64)
    number = (torch.as_tensor(fraction, dtype=torch.float64, device=score.device) * ones.sum()).round()
    last = ones.cumsum(0) == number.clamp(min=1)
    return score < torch.where(last, flat.sort(descending=True).values, 0.0).sum()
