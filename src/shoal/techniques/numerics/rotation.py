"""Random matrices that keep lengths."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.errors import UserError


def rotation(shape: tuple[int, ...], generator: torch.Generator) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel) whose shorter side is orthonormal, as one matrix
    [out, in · kernel]: drawn uniformly among all such, the Q of a normal matrix's QR with diag(R) > 0.

    Raises UserError for fewer than two dimensions.
    """
    if len(shape) < 2:
        raise UserError(f"a weight of shape {tuple(shape)} cannot be orthogonal: it needs at least (out, in)")
    rows, columns = shape[0], math.prod(shape[1:])
    normal = torch.randn((rows, columns), generator=generator, dtype=torch.float32)
    tall = normal if rows >= columns else normal.T
    q, r = torch.linalg.qr(tall)
    q = q * torch.diagonal(r).sign()
    return (q if rows >= columns else q.T).contiguous().view(shape)
