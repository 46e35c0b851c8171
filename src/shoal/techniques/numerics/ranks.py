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
    # a symbolic size times a tensor does not trace under vmap, a sum of ones does
    size = torch.ones_like(flat).sum(dtype=torch.float64)
    number = torch.as_tensor(fraction, dtype=torch.float64, device=score.device) * size
    last = number.round().clamp(min=1).long() - 1
    return score < flat.sort(descending=True).values.gather(0, last.unsqueeze(0)).squeeze(0)
