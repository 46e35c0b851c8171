"""The symmetric beta distribution in closed form: from two uniform numbers, without rejection.

    λ = ½ (1 ± 1 / √(1 + 1/((U^(-1/α) - 1) cos²(2πV)))),   with the sign of cos(2πV),   is Beta(α, α)

because 2α (U^(-1/α) - 1) cos²(2πV) is the square of a t with 2α degrees of freedom, and then
½ (1 + t/√(2α + t²)) is Beta(α, α). Exact for every α > 0, so one program serves all; with α = 0 it is 0 or 1.
Bailey 1994, Polar generation of random variates with the t-distribution, Mathematics of Computation 62;
Devroye 1986, Non-uniform random variate generation, chapter IX.
Witness: scipy.stats.beta.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def symmetric(
    first: Float[Tensor, "*shape"], second: Float[Tensor, "*shape"], alpha: float | Tensor
) -> Float[Tensor, "*shape"]:
    """A number in [0, 1] that is Beta(alpha, alpha) for uniform ``first`` and ``second`` in (0, 1)."""
    cosine = torch.cos(2 * math.pi * second)
    spread = cosine**2 * torch.expm1(-torch.log(first) / alpha)
    return 0.5 + 0.5 * torch.sign(cosine) / torch.sqrt(1 + 1 / spread)
