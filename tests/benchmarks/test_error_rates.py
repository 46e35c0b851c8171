"""The claims of benchmarks/statistics_selftest.py on few comparisons, within three standard errors."""

import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.simulated import task
from shoal.experiments.planning import make_plan
from shoal.statistics.power import smallest_difference

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import error_rates
import statistics_selftest
from error_rates import ALPHA, SCORES
from statistics_selftest import error, students_price

CUTS = (10, 12, 14, 17)


@pytest.fixture(scope="module")
def plan():
    return make_plan(task(), "optimizer=adam,sgd", budget=60)


@pytest.mark.parametrize(("seeds", "arms"), [(5, 3), (10, 3), (20, 1)])
@pytest.mark.parametrize("name", SCORES)
def test_equal_arms_are_told_apart_at_most_at_alpha_and_intervals_cover_and_are_not_wide(name, seeds, arms):
    found = error_rates.equal_arms(SCORES[name], seeds, arms, 200)
    assert found.false / 200 <= ALPHA + error(ALPHA, 200)
    assert found.covered >= 1 - ALPHA - error(ALPHA, 200)
    assert found.width <= students_price(seeds) + 3 * found.width_error


def test_false_verdicts_are_counted_where_nothing_corrects_for_many_arms():
    plain = error_rates.equal_arms(SCORES["normal"], 10, 16, 100, corrected=lambda p: p)
    assert plain.false / 100 > ALPHA + error(ALPHA, 100)
    assert error_rates.equal_arms(SCORES["normal"], 10, 16, 100).false / 100 <= ALPHA + error(ALPHA, 100)


@pytest.mark.parametrize("name", SCORES)
def test_the_scores_have_the_moments_that_they_claim(name):
    kind = SCORES[name]
    first, second = kind.draw(np.random.default_rng(0), (2, 200_000))
    assert (first - second).std() / 2**0.5 == pytest.approx(kind.deviation, rel=0.02)
    assert first.mean() == pytest.approx(kind.mean, abs=0.01 * max(1.0, kind.deviation))


@pytest.mark.parametrize("name", ["normal", "log-normal", "failures, 1 in 20"])
def test_looking_again_at_undecided_arms_does_not_raise_the_error_rate(plan, name):
    found = list(error_rates.sequences(plan, SCORES[name], CUTS, 2, 300))
    false = sum(any(one.word in ("better", "worse") for one in each.values()) for each in found)
    assert false / 300 <= ALPHA + error(ALPHA, 300)
    for each in found:
        for one in each.values():
            # Who is not decided has been looked at to the end; no one has more seeds than his last look.
            assert one.comparison.n in CUTS and (one.word != "undecided" or one.comparison.n == CUTS[-1])


def test_looking_each_time_at_the_whole_rate_would_raise_it():
    """What the test above would find if looks were free."""
    assert error_rates.peeked(SCORES["normal"], (10, 12, 15, 18), 400) > ALPHA + error(ALPHA, 400)


@pytest.mark.parametrize("difference", [0.5, 1.5])
def test_the_interval_of_the_look_that_decided_covers(plan, difference):
    found = [one["1"] for one in error_rates.sequences(plan, SCORES["normal"], CUTS, 1, 400, difference)]
    covered = np.mean(
        [one.comparison.interval.low <= difference <= one.comparison.interval.high for one in found]
    )
    assert covered >= 1 - ALPHA - error(ALPHA, 400)
    assert difference < 1 or any(one.comparison.n < CUTS[-1] for one in found)


def test_power_with_all_of_the_correction_is_as_forecast():
    found = error_rates.power(smallest_difference(10, 2.0, arms=4), 2.0, 10, 4, 300)
    assert abs(found - 0.8) <= error(0.8, 300) + error(0.8, statistics_selftest.SIMULATED) + 0.01
    assert error_rates.power(9.0, 1.0, 5, 1, 50) == 0.0


def test_a_claim_that_fails_is_written_as_failed():
    good = statistics_selftest.at_most("false verdicts", "fine", 1000, 0.05)
    bad = statistics_selftest.at_least("coverage", "narrow", 1000, 0.85)
    text = statistics_selftest.written([good, bad])
    assert (good.holds, bad.holds) == (True, False)
    assert "1 claims hold, 1 do not:\n\n- coverage: narrow: 0.85" in text and "**no**" in text
