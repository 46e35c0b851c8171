"""Durations as people write them, and what the clock leaves."""

import math
import time

import pytest

from shoal.errors import UserError
from shoal.experiments.budget import Clock, seconds_of


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h", 3600),
        ("1m30s", 90),
        ("1h1m1s", 3661),
        ("0.5m", 30),
        ("45", 45),
        (" 5M ", 300),
        (12, 12),
        (2.5, 2.5),
    ],
)
def test_durations(written, seconds):
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    ("written", "words"),
    [("0s", "is 0"), (0, "is 0"), ("-5s", "is negative"), (-1, "is negative")]
    + [(wrong, "is no duration") for wrong in ("", "soon", "5x", "s", "5m3h", "nan", math.nan, math.inf)],
)
def test_what_is_no_duration_says_how_to_write_one(written, words):
    with pytest.raises(UserError, match=f"{words}; write for example 90s, 5m"):
        seconds_of(written)


def test_the_clock_counts_from_the_start_of_the_process():
    clock = Clock(60.0, time.monotonic() - 50.0)
    assert clock.deadline is not None
    assert clock.left == pytest.approx(10.0 - 3.0, abs=0.1)
    assert clock.spare == pytest.approx(10.0 + 2.0, abs=0.1)
    middle = clock.after(0.5)
    assert middle is not None and clock.deadline - middle == pytest.approx(clock.left / 2, abs=0.1)


def test_without_a_budget_there_is_no_deadline():
    clock = Clock(None, None)
    assert clock.deadline is None and clock.after(0.3) is None and clock.left == math.inf
