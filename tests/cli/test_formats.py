"""Numbers as people read them."""

import math

import pytest

from shoal.cli.formats import clock, score, signed, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.00019, "0.19 ms"),
        (0.0312, "31 ms"),
        (0.9999, "1,000 ms"),
        (1.0, "1 s"),
        (4.21, "4.2 s"),
        (59.6, "60 s"),
        (89.0, "89 s"),
        (90.0, "1.5 minutes"),
        (1560.0, "26 minutes"),
        (9000.0, "2.5 hours"),
        (math.nan, "–"),
    ],
)
def test_spans(seconds, words):
    assert span(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(7.4, "0:07"), (90, "1:30"), (3723, "1:02:03"), (-1, "0:00")])
def test_clock(seconds, words):
    assert clock(seconds) == words


def test_scores_and_signs():
    assert score(0.97125) == "0.971"
    assert score(math.nan) == "–"
    assert signed(-0.0042, 3) == "−0.004"
    assert signed(0.0042, 3) == "+0.004"
