"""Rows: disjoint, complete, fixed for testing, in proportion, as many for every seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.errors import UserError
from shoal.tasks.splits import divide, split

LABELS = np.repeat([0, 1, 2], [70, 25, 5])


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 60), min_size=2, max_size=6).filter(lambda counts: sum(counts) >= 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_parts_are_a_partition_with_classes_in_proportion(counts, seed):
    labels = np.random.RandomState(1).permutation(np.repeat(np.arange(len(counts)), counts))
    made = split(len(labels), labels)
    train, valid = made.draw(seed)
    assert sorted([*train, *valid, *made.test]) == list(range(len(labels)))
    assert (len(train), len(valid)) == (made.train_rows, made.valid_rows)
    assert set(labels[train]) == set(labels)
    held = np.bincount(labels[made.test], minlength=len(counts))
    singles = counts.count(1)  # they stay in training, so others stand in for them
    np.testing.assert_allclose(held, 0.2 * np.array(counts), atol=1 + singles)


def test_test_rows_are_the_same_and_training_rows_differ_between_seeds():
    made = split(100, LABELS)
    np.testing.assert_array_equal(made.test, split(100, LABELS).test)
    assert not np.array_equal(made.draw(0)[0], made.draw(1)[0])
    np.testing.assert_array_equal(made.draw(3)[1], made.draw(3)[1])


def test_seed_means_these_rows_forever():
    """Committed numbers: a record made today must name the same rows with a later numpy."""
    assert split(20).test.tolist() == [0, 2, 15, 17]
    assert divide(np.arange(10), None, 3, seed=5)[1].tolist() == [2, 5, 9]


def test_every_row_is_drawn_equally_often():
    drawn = np.zeros(100)
    made = split(100, LABELS)
    for seed in range(400):
        drawn[made.draw(seed)[1]] += 1
    share = drawn[made.rest] / 400
    for label in range(3):
        of_class = share[LABELS[made.rest] == label]
        assert of_class.std() < 2.5 * np.sqrt(0.25 * 0.75 / 400)  # binomial noise of one row's share


def test_official_test_rows_and_no_validation():
    made = split(100, LABELS, test=np.arange(60, 100), valid_share=0.0)
    train, valid = made.draw(9)
    np.testing.assert_array_equal(train, np.arange(60))
    assert len(valid) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"rows": 19}, "19 rows are too few"),
        ({"rows": 40, "test_share": 1.0}, "test share is 1;"),
        ({"rows": 40, "valid_share": -0.1}, "validation share is -0.1;"),
        ({"rows": 40, "labels": np.repeat(np.arange(38), [2, 2, *[1] * 36])}, "38 classes in 40 rows"),
        ({"rows": 20, "test": np.arange(1, 20)}, "1 rows beside the test rows"),
    ],
)
def test_what_cannot_be_split_is_refused(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        split(**arguments)
