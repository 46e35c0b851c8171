"""Which row of a batch each row is mixed with.

    row r goes with row (r + s) mod n,   s from 0 ... n-1 by the noise key, one for the batch

Batches come in random order, so that each pair of rows is equally likely, and a row meets itself once in n,
as in a random permutation. A row that only fills a short batch up is a copy of another row.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.numerics.counter_noise import fold

_SITE = 0x70617274  # what tells this noise from the other of the same key


def of(x: Float[Tensor, "rows *features"], key: Int[Tensor, ""]) -> Int[Tensor, " rows"]:
    """The partner's number for each row of ``x``."""
    return (torch.arange(x.shape[0], device=x.device) + fold(key, _SITE)) % x.shape[0]
