"""Whole groups on one side, classes in proportion as well as they allow, as many rows for every seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.errors import UserError
from shoal.tasks.group_split import split_by_group
from shoal.tasks.splits import Parts

SIZES = [3, 9, 4, 12, 7, 5, 20, 6, 8, 3, 10, 4, 15, 2, 6, 9, 5, 11]


def of_sizes(sizes):
    return np.random.RandomState(0).permutation(np.repeat(np.arange(len(sizes)), sizes))


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=3, max_size=25),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_group_stands_on_two_sides(sizes, seed):
    groups = of_sizes(sizes)
    made = split_by_group(groups, None, Parts())
    train, valid = made.draw(seed)
    sides = [set(groups[part]) for part in (train, valid, made.test)]
    assert all(sides) and sum(map(len, sides)) == len(set.union(*sides))
    assert (len(train), len(valid)) == (made.train_rows, made.fewest)
    assert len(set(train)) == len(train) and len(set(valid)) == len(valid)
    np.testing.assert_array_equal(np.union1d(made.rest, made.test), np.arange(len(groups)))
    again = split_by_group(groups, None, Parts()).draw(seed)
    np.testing.assert_array_equal(again[0], train)


def test_shares_are_near_and_seeds_differ():
    groups = of_sizes(SIZES)
    made = split_by_group(groups, None, Parts())
    assert abs(len(made.test) / len(groups) - 0.2) < 0.02
    assert abs(made.fewest / len(made.rest) - 0.2) < 0.05 and made.most - made.fewest < 0.05 * len(made.rest)
    drawn = [made.draw(seed) for seed in range(40)]
    assert {(len(train), len(valid)) for train, valid in drawn} == {(made.train_rows, made.fewest)}
    assert len({tuple(np.unique(groups[valid])) for _, valid in drawn}) > 20


def test_equal_groups_lose_no_row():
    groups = np.repeat(np.arange(20), 5)
    made = split_by_group(groups, None, Parts())
    train, valid = made.draw(3)
    assert (len(made.test), len(train), len(valid)) == (20, 65, 15)


def test_classes_keep_their_shares_better_than_by_any_draw():
    """40 groups of one class each, 1 in 5 of the rare class: every part holds about a fifth of it."""
    groups = np.repeat(np.arange(40), 5)
    labels = (groups % 5 == 0).astype(np.int64)
    made = split_by_group(groups, labels, Parts())
    assert labels[made.test].mean() == pytest.approx(0.2, abs=0.06)
    rare = [labels[made.draw(seed)[0]].mean() for seed in range(20)]
    assert np.std(rare) < 0.04 and np.mean(rare) == pytest.approx(0.2, abs=0.03)


def test_official_test_groups_and_no_validation():
    groups = np.repeat(np.arange(10), 4)
    made = split_by_group(groups, None, Parts(np.arange(32, 40), valid_share=0.0))
    train, valid = made.draw(0)
    assert train.tolist() == list(range(32)) and len(valid) == 0


LABELS = np.arange(60) % 2


@pytest.mark.parametrize(
    ("groups", "labels", "parts", "sentence"),
    [
        (np.arange(60) % 2, LABELS[::-1] * 0, Parts(), "2 groups cannot be divided into 3 parts"),
        (
            np.arange(60) % 5,
            (np.arange(60) % 5 == 4) * 1,
            Parts(),
            "all rows of class 'odd' belong to one group",
        ),
        (
            np.arange(60) // 10,
            LABELS,
            Parts(np.arange(45, 60)),
            "1 groups have rows in the test part and among",
        ),
        (np.arange(60) // 30, LABELS, Parts(np.arange(30, 60)), "1 groups cannot be divided into 2 parts"),
        (np.arange(60) // 20, (np.arange(60) // 20 + LABELS) % 3, Parts(), "every class stays among"),
    ],
)
def test_what_cannot_be_divided(groups, labels, parts, sentence):
    with pytest.raises(UserError, match=sentence):
        split_by_group(groups, labels, parts, ("even", "odd"))
