"""Fans of a weight: how many numbers flow into and out of one of its units."""

import math

from shoal.errors import UserError


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight of ``shape`` (out, in, *kernel), as torch.nn.init counts them.

    A kernel position counts as a connection of its own. Raises UserError for fewer than two dimensions,
    where neither number is defined.
    """
    if len(shape) < 2:
        raise UserError(f"a weight of shape {tuple(shape)} has no fans: it needs at least (out, in)")
    out, into, *kernel = shape
    return into * math.prod(kernel), out * math.prod(kernel)
