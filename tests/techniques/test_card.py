"""Domains: what is legal, and how they are written."""

import math

import pytest

from shoal.techniques.card import Domain


@pytest.mark.parametrize(
    ("domain", "inside", "outside", "text"),
    [
        (Domain(0.0, 1.0), [0.0, 0.5, 1.0], [-1e-9, 1.1], "[0, 1]"),
        (Domain(0.0, 1.0, open_low=True), [1e-300, 1.0], [0.0], "(0, 1]"),
        (Domain(0.0, 1.0, open_high=True), [0.0, 0.999], [1.0], "[0, 1)"),
        (Domain(0.0), [0.0, 1e300], [-1.0], "[0, inf)"),
        (Domain(), [-1e300, 0.0], [], "(-inf, inf)"),
    ],
)
def test_domain_says_what_is_legal(domain, inside, outside, text):
    assert all(map(domain.contains, inside))
    assert not any(map(domain.contains, [*outside, math.nan, math.inf, -math.inf]))
    assert str(domain) == text
