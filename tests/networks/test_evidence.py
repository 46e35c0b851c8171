"""Evidence of terms against counts in plain Python."""

import math

import numpy as np
import pytest
import torch

from shoal.networks import evidence as subject
from shoal.networks.evidence import distinct, evidence

TERMS = torch.from_numpy(np.random.RandomState(0).randint(0, 9, (40, 6)))
CLASSES = torch.from_numpy(np.random.RandomState(1).randint(0, 3, 40))


@pytest.mark.parametrize("rows_at_once", [7, 4096])
def test_ratios_of_classes_are_those_of_counted_rows(rows_at_once, monkeypatch):
    monkeypatch.setattr(subject, "ROWS_AT_ONCE", rows_at_once)
    rows = [set(row) - {0} for row in TERMS.tolist()]
    known = sorted(set().union(*rows))
    inside = [[1 + sum(t in row and y == k for row, y in zip(rows, CLASSES, strict=True)) for t in known]
              for k in range(3)]  # fmt: skip
    beside = [[1 + sum(t in row and y != k for row, y in zip(rows, CLASSES, strict=True)) for t in known]
              for k in range(3)]  # fmt: skip
    found = evidence(TERMS, CLASSES, 11, 3)
    for k in range(3):
        for place, term in enumerate(known):
            share = inside[k][place] / sum(inside[k]), beside[k][place] / sum(beside[k])
            assert found[term, k].item() == pytest.approx(math.log(share[0] / share[1]), abs=1e-6)
    assert found[0].tolist() == found[9].tolist() == found[10].tolist() == [0, 0, 0]


def test_of_numbers_it_is_a_mean_that_one_row_more_draws_to_zero():
    y = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    found = evidence(TERMS, y, 10, 2)
    holding = (TERMS == 4).any(1)
    expected = y[holding].double().sum(0) / (int(holding.sum()) + 1)
    torch.testing.assert_close(found[4].double(), expected, rtol=1e-6, atol=1e-6)
    assert not found[[0, 9]].any()


def test_each_term_of_a_row_stays_once():
    assert distinct(torch.tensor([[5, 3, 5, 0], [4, 4, 4, 4], [0, 0, 0, 0]])).tolist() == [
        [0, 3, 5, 0], [4, 0, 0, 0], [0, 0, 0, 0],
    ]  # fmt: skip
