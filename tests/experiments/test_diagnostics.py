"""Diagnostics against scikit-learn, and against counting row by row."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from shoal.experiments.diagnostics import calibration, confusion, diagnose, per_class, sensitivity


def rows(count=400, classes=3, seed=0, sharpness=2.0):
    """Probabilities and true classes that follow them to some degree."""
    source = np.random.default_rng(seed)
    logits = source.normal(size=(count, classes)) * sharpness
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    guess = np.array([source.choice(classes, p=one) for one in shares])
    truth = np.where(source.random(count) < 0.7, guess, source.integers(0, classes, count))
    return shares, truth


def test_confusion_precision_and_recall_are_those_of_scikit_learn():
    shares, truth = rows()
    named = shares.argmax(1)
    counts = confusion(named, truth, 3)
    assert counts.tolist() == metrics.confusion_matrix(truth, named).tolist()
    precision, recall, _, support = metrics.precision_recall_fscore_support(truth, named)
    found = per_class(counts)
    assert [one["precision"] for one in found] == pytest.approx(precision.tolist())
    assert [one["recall"] for one in found] == pytest.approx(recall.tolist())
    assert [one["rows"] for one in found] == support.tolist()
    assert [one["predicted"] for one in found] == np.bincount(named, minlength=3).tolist()


def test_a_class_that_is_never_named_or_never_there_has_no_precision_or_recall():
    found = per_class(confusion(np.array([0, 0, 2]), np.array([0, 1, 1]), 4))
    assert [one["precision"] for one in found] == [0.5, None, 0.0, None]
    assert [one["recall"] for one in found] == [1.0, 0.0, None, None]


def counted_error(shares, truth, bins):
    """The expected calibration error, row by row."""
    gaps = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [row for row, one in enumerate(shares) if low < max(one) <= high]
        if inside:
            right = sum(int(np.argmax(shares[row])) == truth[row] for row in inside) / len(inside)
            sure = math.fsum(max(shares[row]) for row in inside) / len(inside)
            gaps.append(len(inside) / len(truth) * abs(right - sure))
    return math.fsum(gaps)


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_calibration_error_is_that_of_counting_row_by_row(bins):
    shares, truth = rows(sharpness=4.0)
    found = calibration(shares, truth, bins)
    assert found["error"] == pytest.approx(counted_error(shares, truth, bins), rel=1e-12)
    assert sum(one["rows"] for one in found["bins"]) == len(truth)
    assert all(one["low"] < one["confidence"] <= one["high"] for one in found["bins"])


def test_calibration_of_two_classes_by_hand():
    """Nine in ten sure of 0.9 is perfect; always sure and half right is off by one half."""
    sure = np.tile([0.1, 0.9], (10, 1))
    assert calibration(sure, np.array([1] * 9 + [0]))["error"] == pytest.approx(0.0)
    always = np.tile([0.0, 1.0], (10, 1))
    found = calibration(always, np.array([1, 0] * 5))
    assert found["error"] == 0.5
    assert found["bins"] == [{"low": 14 / 15, "high": 1.0, "rows": 10, "confidence": 1.0, "accuracy": 0.5}]


@pytest.mark.parametrize("specificity", [0.5, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("ties", [False, True])
def test_sensitivity_is_the_best_point_of_scikit_learns_curve(specificity, ties):
    shares, truth = rows(classes=2, seed=3)
    score = shares[:, 1].round(1) if ties else shares[:, 1]
    false, true, _ = metrics.roc_curve(truth == 1, score, drop_intermediate=False)
    expected = max(t for f, t in zip(false, true, strict=True) if 1 - f >= specificity - 1e-12)
    assert sensitivity(score, truth == 1, specificity) == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40))
def test_sensitivity_is_the_best_of_all_thresholds(pairs):
    score = np.array([one / 9 for one, _ in pairs])
    positive = np.array([one for _, one in pairs])
    if positive.all() or not positive.any():
        assert sensitivity(score, positive) is None
        return
    best = 0.0
    for threshold in [*score, -1.0]:
        above = score > threshold
        if (~above[~positive]).mean() >= 0.9 - 1e-12:
            best = max(best, above[positive].mean())
    assert sensitivity(score, positive) == pytest.approx(best)


def test_everything_together_is_plain_data_under_the_classes_names():
    shares, truth = rows()
    found = diagnose(shares, truth, ["ash", "oak", "yew"])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found["per_class"]) == ["ash", "oak", "yew"]
    for number, name in enumerate(["ash", "oak", "yew"]):
        one = sensitivity(shares[:, number], truth == number)
        assert found["sensitivity_at_90_specificity"][name] == one
    assert found["calibration"] == calibration(shares, truth)
    many, classes = rows(classes=101)
    assert diagnose(many, classes, range(101))["confusion"] is None


def test_no_rows_have_no_numbers():
    found = diagnose(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), ["no", "yes"])
    assert found["confusion"] == [[0, 0], [0, 0]]
    assert found["calibration"] == {"error": None, "bins": []}
    assert found["sensitivity_at_90_specificity"] == {"no": None, "yes": None}
