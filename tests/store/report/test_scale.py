"""Axes hold what they are to show, and their ticks are round."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.store.report import svg
from shoal.store.report.scale import Scale, covering, label, power

numbers = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(st.lists(numbers, min_size=1, max_size=8))
def test_a_linear_axis_holds_all_values_in_order(values):
    scale = covering(values, 100, 500)
    places = [scale(value) for value in sorted(values)]
    assert all(100 <= place <= 500 for place in places)
    assert places == sorted(places)
    assert 1 <= len(scale.ticks(6)) <= 7


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=8))
def test_a_logarithmic_axis_holds_all_values_and_has_ticks(values):
    scale = covering(values, 0, 100, log=True)
    assert all(-1e-9 <= scale(value) <= 100 + 1e-9 for value in values)
    ticks = scale.ticks(6)
    assert 2 <= len(ticks) <= 7
    assert all(scale.low * 0.999 <= tick <= scale.high * 1.001 for tick in ticks)


def test_places_are_linear_or_logarithmic():
    assert Scale(0, 10, 100, 200)(2.5) == 125
    assert Scale(0.01, 100, 0, 4, log=True)(1) == 2
    assert Scale(0, 1, 0, 10)(math.inf) == 10


def test_ticks_are_ones_twos_and_fives():
    ticks = Scale(0.82, 1.01, 0, 1).ticks(5)
    assert [label(tick, 0.05) for tick in ticks] == ["0.85", "0.90", "0.95", "1.00"]
    assert Scale(1e-5, 0.1, 0, 1, True).ticks() == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    assert Scale(0.09, 0.45, 0, 1, True).ticks() == pytest.approx([0.1, 0.15, 0.2, 0.3])
    values = (1e-5, 0.001, 0.5, 1000.0, 2e6)
    assert list(map(power, values)) == ["1e−5", "0.001", "0.5", "1,000", "2e6"]


def test_labels_are_moved_apart_and_stay_inside():
    found = svg.spread([10.0, 11.0, 12.0, 90.0], 15, 0, 92)
    assert all(later - earlier >= 15 for earlier, later in itertools.pairwise(found))
    assert found[0] >= 0 and found[-1] <= 92
