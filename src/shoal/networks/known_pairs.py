"""Pairs of neighboring tokens that stand in two training rows or more, numbered by a table of fixed size.

A pair belongs into the place of the table that its hash names, and the table holds another hash of it, so
that one without a place is told from one that has it (by chance one in 2²⁴ is not). Of pairs that belong
into one place the one of most rows has it. Pairs with filling (0) or an unknown token (1) are none.
"""

import torch
from jaxtyping import Int64
from torch import Tensor

from shoal.networks.evidence import ROWS_AT_ONCE, distinct
from shoal.techniques.numerics.counter_noise import fold

FEWEST_ROWS = 2
FIRST = 2  # the first token that is a word
_CHECKS = (1 << 24) - 1  # so that checks are exact in float32
_WORD = 1 << 32


def table(ids: Int64[Tensor, "rows length"], size: int) -> Int64[Tensor, "size"]:
    """For rows of tokens the checks of the pairs in the table, from 1 on; 0 where there is none."""
    pairs, rows = torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)
    for some in ids.split(ROWS_AT_ONCE):
        first, second = some[:, :-1], some[:, 1:]
        own = distinct(torch.where(_full(first, second), first * _WORD + second, 0))
        own, counts = own[own > 0].unique(return_counts=True)
        pairs, which = torch.cat([pairs, own]).unique(return_inverse=True)
        rows = torch.zeros(len(pairs), dtype=torch.int64).index_add_(0, which, torch.cat([rows, counts]))
    often = rows >= FEWEST_ROWS
    order = rows[often].argsort(descending=True, stable=True)
    first, second = pairs[often][order] // _WORD, pairs[often][order] % _WORD
    found = torch.zeros(size, dtype=torch.int64)
    place = fold(first, second) % size
    best = torch.full((size,), len(order)).scatter_reduce(0, place, torch.arange(len(order)), "amin")
    taken = best < len(order)
    found[taken] = _check(first, second)[best[taken]]
    return found


def numbered(
    ids: Int64[Tensor, "rows length"], known: Int64[Tensor, "size"]
) -> Int64[Tensor, "rows length-1"]:
    """1 + its place in the table ``known`` for each two neighbors, 0 where they are no known pair."""
    first, second = ids[:, :-1], ids[:, 1:]
    place = fold(first, second) % known.shape[0]
    return torch.where(_full(first, second) & (known[place] == _check(first, second)), place + 1, 0)


def _full(first: Tensor, second: Tensor) -> Tensor:
    return (first >= FIRST) & (second >= FIRST)


def _check(first: Tensor, second: Tensor) -> Tensor:
    return fold(second, first) % _CHECKS + 1
