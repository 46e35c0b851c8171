"""Which share of numbers is largest, by rank, so that the share may be a tensor."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def below_largest(score: Float[Tensor, "*shape"], fraction: float | Tensor) -> Bool[Tensor, "*shape"]:
    """Where ``score`` [*shape] is not among the largest ``fraction`` of its n numbers, [*shape].

    The largest are max(1, round(fraction·n)) numbers, halves rounded to the even count, and all that tie with
    the smallest of them. NaN is below nothing, and nothing is below NaN.
    """
    flat = score.flatten()
    number = torch.as_tensor(fraction, dtype=torch.float64, device=score.device) * flat.numel()
    rank = flat.numel() - number.round().clamp(1, flat.numel()).long()
    return score < flat.sort().values.gather(0, rank.view(1)).view(())
