"""The past trains, what follows validates, the last tests; equal times stay together."""

import numpy as np
import pytest

from shoal.errors import UserError
from shoal.tasks.splits import Parts
from shoal.tasks.time_split import split_by_time

TIMES = np.random.RandomState(0).permutation(100).astype(np.float64)


def test_parts_follow_each_other():
    made = split_by_time(TIMES, None, Parts())
    train, valid = made.draw(5)
    assert sorted(TIMES[train]) == list(range(64))
    assert sorted(TIMES[valid]) == list(range(64, 80))
    assert sorted(TIMES[made.test]) == list(range(80, 100))
    assert all((np.diff(part) > 0).all() for part in (train, valid, made.test))
    np.testing.assert_array_equal(made.draw(6)[0], train)
    assert made.train_rows == 64


def test_equal_times_stay_on_one_side():
    days = np.arange(100) // 30  # 30, 30, 30 and 10 rows
    made = split_by_time(days.astype(float), None, Parts())
    assert [set(days[part]) for part in (made.train, made.valid, made.test)] == [{0, 1}, {2}, {3}]


def test_an_official_test_part_stays_and_validation_may_be_none():
    made = split_by_time(TIMES, None, Parts(test=np.arange(10)))
    assert made.test.tolist() == list(range(10)) and TIMES[made.valid].min() > TIMES[made.train].max()
    assert len(split_by_time(TIMES, None, Parts(valid_share=0.0)).valid) == 0


def test_what_cannot_be_divided():
    with pytest.raises(UserError, match="too few different times"):
        split_by_time(np.repeat([1.0, 2.0], 50), None, Parts())
    with pytest.raises(UserError, match="class 'late' is first seen after the training rows"):
        split_by_time(np.arange(100.0), np.repeat([0, 1], [70, 30]), Parts(), ("early", "late"))
