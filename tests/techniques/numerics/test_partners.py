"""Partners of rows: a permutation, every distance equally likely."""

import torch

from shoal.techniques.numerics import partners


def test_each_row_is_some_rows_partner_once_and_at_one_distance():
    found = partners.of(torch.zeros(9, 2), torch.tensor(5))
    assert sorted(found.tolist()) == list(range(9))
    assert len(((found - torch.arange(9)) % 9).unique()) == 1


def test_every_distance_is_equally_likely():
    first = torch.stack([partners.of(torch.zeros(5, 2), torch.tensor(key))[0] for key in range(3000)])
    counts = torch.bincount(first, minlength=5).double()
    assert float(((counts - 600) ** 2 / 600).sum()) < 20.0  # chi-square of 4, 1 in 2,000
