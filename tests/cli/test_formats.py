"""Numbers as people read them."""

import math

import pytest

from shoal.cli.formats import clock, cost, score, signed, span


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


@pytest.mark.parametrize(
    ("kind", "evaluations", "state", "time", "words"),
    [
        ("optimizer", 1.0, 2, 1.26, "1 evaluation, 2 numbers, 1.3× sgd"),
        ("optimizer", 1.5, 1, 12.0, "1.5 evaluations, 1 number, 12.0× sgd"),
        ("link", 2.0, 0, 1.98, "2 evaluations, 0 numbers, 2.0× adam"),
        ("link", 1.0, 0, None, "1 evaluation, 0 numbers, –"),
    ],
)
def test_costs(kind, evaluations, state, time, words):
    told = {"kind": kind, "evaluations": evaluations, "state": state, "relative_time": time}
    assert cost(told) == words
