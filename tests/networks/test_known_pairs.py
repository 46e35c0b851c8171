"""Known pairs are those of two training rows or more, and no others have a number."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch

from shoal.networks import known_pairs
from shoal.networks.known_pairs import numbered, table

IDS = torch.from_numpy(np.random.RandomState(0).randint(0, 12, (30, 8)))


def counted(rows: list[list[int]]) -> Counter:
    """In how many rows each pair of words stands."""
    return Counter(pair for row in rows for pair in {two for two in itertools.pairwise(row) if min(two) >= 2})


@pytest.mark.parametrize("rows_at_once", [7, 4096])
def test_pairs_of_two_rows_are_numbered_and_no_others(rows_at_once, monkeypatch):
    monkeypatch.setattr(known_pairs, "ROWS_AT_ONCE", rows_at_once)
    rows = counted(IDS.tolist())
    found = numbered(IDS, table(IDS, 1 << 16))
    numbers: dict[tuple[int, int], set[int]] = {}
    for row, own in zip(IDS.tolist(), found.tolist(), strict=True):
        for pair, number in zip(itertools.pairwise(row), own, strict=True):
            assert (number > 0) == (rows[pair] >= 2)
            numbers.setdefault(pair, set()).add(number)
    known = [one for one in numbers.values() if one != {0}]
    assert len(known) > 10 and all(len(one) == 1 for one in known)
    assert len(set().union(*known)) == len(known)  # this table is large enough for each to have its own
    assert (2, 3) not in numbers or numbers[2, 3] != numbers.get((3, 2)) or numbers[2, 3] == {0}


def test_of_pairs_in_one_place_the_one_of_most_rows_has_it():
    rows = counted(IDS.tolist())
    found = numbered(IDS, table(IDS, 1))
    ((pair, most),) = rows.most_common(1)
    own = {
        two for row, numbers in zip(IDS.tolist(), found.tolist(), strict=True)
        for two, number in zip(itertools.pairwise(row), numbers, strict=True) if number
    }  # fmt: skip
    assert len(own) == 1 and rows[own.pop()] == most == rows[pair]


def test_a_table_of_no_pair_numbers_none():
    assert not numbered(IDS, table(IDS[:1], 64)).any()
