"""What size images get, and how many of them fit into memory."""

import math
from collections.abc import Collection

from shoal.errors import UserError

USUAL = 32
"""Pixels a side of images that come in several sizes or larger ones, if nothing is asked for."""
LARGEST = 1024
MOST_BYTES = 2 * 2**30
"""What all images of a task may take as float32."""

Size = tuple[int, int]
"""Height and width in pixels."""


def check_size(asked: int | None) -> None:
    """Raises UserError for what is no number of pixels."""
    whole = isinstance(asked, int) and not isinstance(asked, bool)
    if asked is not None and not (whole and 4 <= asked <= LARGEST):
        raise UserError(f"image_size {asked!r} is no whole number from 4 to {LARGEST} (pixels a side)")


def choose(sizes: Collection[Size], asked: int | None) -> tuple[Size, tuple[str, ...]]:
    """The size for images that have ``sizes``, and a note if it is none they all have.

    As asked for, a square; else their own if all are equal and no side is longer than 32, else 32×32.
    """
    different = sorted(set(sizes), key=lambda size: (size[0] * size[1], size))
    own = different[0]
    if asked is None and len(different) == 1 and max(own) <= USUAL:
        return own, ()
    side = USUAL if asked is None else asked
    if different == [(side, side)]:
        return own, ()
    found = words(own) if len(different) == 1 else f"{words(own)} to {words(different[-1])}"
    more = "" if asked is not None else "; --image-size N keeps more or less"
    return (side, side), (
        f"images of {found} pixels became {words((side, side))}: the shorter side resized, the middle of the "
        f"longer one kept{more}",
    )


def words(size: Size) -> str:
    """As people say it: width×height."""
    return f"{size[1]}×{size[0]}"


def check_memory(where: object, rows: int, channels: int, size: Size) -> None:
    """Raises UserError, naming a size that would fit, if the images take more than 2 GiB as float32."""
    taken = 4 * rows * channels * math.prod(size)
    if taken <= MOST_BYTES:
        return
    side = math.isqrt(MOST_BYTES // (4 * rows * channels))
    way = f"--image-size {min(side, LARGEST)} fits" if side >= 4 else "leave some of them out"
    raise UserError(
        f"{where}: {rows:,} images of {words(size)} pixels and {channels} channels take {taken / 2**30:.1f} "
        f"GiB in memory, and at most {MOST_BYTES / 2**30:.0f} are used: {way}"
    )
