"""Accuracy, unless a class is too rare for it to be seen."""

import numpy as np

from shoal.tasks.imbalance import metric_for


def labels(*counts):
    return np.repeat(np.arange(len(counts)), counts)


def test_the_border_is_a_fifth_of_an_equal_share():
    assert metric_for(labels(900, 100)) == ("accuracy", ())
    assert metric_for(labels(901, 99))[0] == "auroc"
    assert metric_for(labels(480, 480, 40))[0] == "auroc"  # 4 % of a third: 12 % of an equal share
    assert metric_for(labels(460, 460, 80))[0] == "accuracy"


def test_the_note_says_shares_the_most_frequent_first():
    _, notes = metric_for(labels(12, 488), ("ill", "well"))
    assert notes[0].startswith("classes are imbalanced (well 98 %, ill 2.4 %), so the metric is auroc")
    _, many = metric_for(labels(*[100] * 9, 1))
    assert "(0 11 %, 1 11 %, 2 11 %, …, 7 11 %, 8 11 %, 9 0.11 %)" in many[0]


def test_a_class_that_does_not_occur_does_not_count():
    assert metric_for(labels(50, 0, 50)) == ("accuracy", ())
