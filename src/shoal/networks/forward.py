"""What the layers of one member's forward pass may ask for: training or not, row weights, noise, rates.

The engine opens a ``forward`` around the call of the network; layers read ``current()``. Values may be
tensors that differ by member: the engine calls the network under ``torch.func.vmap``, where they are
seen as one member's own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor


class Forward(NamedTuple):
    """training: a static choice. weight: [rows], 1 for a row that counts, 0 for one that fills a batch up.

    key: noise key [] of this member and step, or None where nothing may be drawn.
    hyper: "technique.name" → number or tensor [], for techniques inside the network.
    """

    training: bool
    weight: Tensor | None
    key: Tensor | None
    hyper: Mapping[str, Tensor]


_open: list[Forward] = []
_calls: list[Counter[int]] = []


@contextmanager
def forward(context: Forward) -> Iterator[None]:
    """Layers called inside see ``context``."""
    _open.append(context)
    _calls.append(Counter())
    try:
        yield
    finally:
        _open.pop()
        _calls.pop()


def current() -> Forward | None:
    """The innermost open forward pass, or None for a network used on its own (as in evaluation mode)."""
    return _open[-1] if _open else None


def turn(site: int) -> int:
    """How often ``turn(site)`` was asked before in the innermost open forward pass."""
    before = _calls[-1][site]
    _calls[-1][site] += 1
    return before
