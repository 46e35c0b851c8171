"""Every way to each word."""

import math

import pytest

from shoal.statistics.intervals import Interval
from shoal.statistics.verdicts import verdict

CASES = [
    # difference, interval, p, margin, n, word
    (0.05, (0.03, 0.07), 0.01, 0.01, 10, "better"),
    (-0.05, (-0.07, -0.03), 0.01, 0.01, 10, "worse"),
    (0.05, (0.03, 0.07), 0.01, 0.01, 9, "undecided"),
    (0.05, (0.03, 0.07), 0.06, 0.01, 10, "undecided"),
    (0.05, (0.03, 0.07), 0.05, 0.01, 10, "better"),
    (0.05, (-0.01, 0.11), 0.01, 0.01, 10, "undecided"),
    (0.00, (-0.01, 0.01), 1.0, 0.01, 10, "same"),
    (0.00, (-0.01, 0.011), 1.0, 0.01, 10, "undecided"),
    (0.005, (0.001, 0.009), 0.01, 0.01, 10, "same"),
    (0.00, (0.0, 0.0), 1.0, 0.0, 10, "same"),
    (-math.inf, (-math.inf, -math.inf), 0.01, 0.01, 10, "worse"),
    (0.00, (-math.inf, math.inf), 1.0, 0.01, 1, "undecided"),
]


@pytest.mark.parametrize(("difference", "interval", "p", "margin", "n", "word"), CASES)
def test_word(difference, interval, p, margin, n, word):
    assert verdict(difference, Interval(*interval), p, margin, n) == word


@pytest.mark.parametrize(("difference", "interval", "p", "margin", "n", "word"), CASES)
def test_a_mirrored_metric_gives_the_same_word(difference, interval, p, margin, n, word):
    mirrored = Interval(-interval[1], -interval[0])
    assert verdict(-difference, mirrored, p, margin, n, higher_is_better=False) == word


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="margin"):
        verdict(0.0, Interval(0, 0), 1.0, -0.1, 10)
    with pytest.raises(ValueError, match="NaN"):
        verdict(math.nan, Interval(0, 0), 1.0, 0.1, 10)
