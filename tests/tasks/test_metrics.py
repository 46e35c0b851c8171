"""Metrics against their definitions, written out by hand with plain loops."""

import math
from itertools import product

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from shoal.errors import UserError
from shoal.tasks import metrics
from shoal.tasks.built_in.breast_cancer import task as breast_cancer
from shoal.tasks.task import with_metric

RANDOM = np.random.default_rng(3)
TWO = RANDOM.normal(size=(40, 2)), RANDOM.integers(0, 2, 40)
FOUR = RANDOM.normal(size=(60, 4)), RANDOM.integers(0, 3, 60)  # class 3 never occurs
NUMBERS = RANDOM.normal(size=(30, 2)), RANDOM.normal(size=(30, 2))


def ranked(score, positive) -> float:
    """Share of pairs of a positive and a negative row in which the positive one is scored higher."""
    pairs = list(product(score[positive], score[~positive]))
    return sum((p > n) + 0.5 * (p == n) for p, n in pairs) / len(pairs)


def f1_of(predicted, truth, one: int) -> float:
    hits = np.sum((predicted == one) & (truth == one))
    return 2 * hits / max(1, np.sum(predicted == one) + np.sum(truth == one))


def test_auroc_of_two_classes_is_the_share_of_pairs_in_order():
    outputs, truth = TWO
    assert metrics.value("auroc", *TWO) == pytest.approx(ranked(outputs[:, 1] - outputs[:, 0], truth == 1))


def test_auroc_of_more_classes_is_the_mean_of_one_against_the_rest_over_classes_that_occur():
    outputs, truth = FOUR
    chance = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    expected = np.mean([ranked(chance[:, one], truth == one) for one in range(3)])
    assert metrics.value("auroc", *FOUR) == pytest.approx(expected)


def test_auroc_of_one_class_is_undefined():
    outputs, truth = TWO
    assert math.isnan(metrics.value("auroc", outputs, np.ones_like(truth)))
    assert math.isnan(metrics.value("r2", NUMBERS[0][:1], NUMBERS[1][:1]))


def test_certain_outputs_do_not_overflow():
    outputs = np.array([[2e4, 0.0], [0.0, 2e4]])
    assert metrics.value("log_loss", outputs, np.array([0, 1])) == pytest.approx(0, abs=1e-12)
    assert metrics.value("auroc", outputs, np.array([0, 1])) == 1.0


def test_f1_is_of_class_1_or_the_mean_over_classes():
    outputs, truth = TWO
    assert metrics.value("f1", *TWO) == pytest.approx(f1_of(outputs.argmax(1), truth, 1))
    outputs, truth = FOUR
    each = [f1_of(outputs.argmax(1), truth, one) for one in range(4)]  # class 3 is named, so it counts: 0
    assert metrics.value("f1", *FOUR) == pytest.approx(np.mean(each)) and each[3] == 0


def test_balanced_accuracy_is_the_mean_recall_of_classes_that_occur():
    outputs, truth = FOUR
    recalls = [np.mean(outputs.argmax(1)[truth == one] == one) for one in range(3)]
    assert metrics.value("balanced_accuracy", *FOUR) == pytest.approx(np.mean(recalls))
    assert metrics.value("accuracy", *FOUR) == np.mean(outputs.argmax(1) == truth)


def test_log_loss_names_all_classes():
    outputs, truth = FOUR
    chosen = outputs[np.arange(60), truth] - np.log(np.exp(outputs).sum(1))
    assert metrics.value("log_loss", *FOUR) == pytest.approx(-chosen.mean())


def test_errors_have_the_targets_unit_and_r2_has_none():
    made, truth = NUMBERS
    assert metrics.value("rmse", *NUMBERS, 7.0) == pytest.approx(7 * np.sqrt(((made - truth) ** 2).mean()))
    assert metrics.value("mae", *NUMBERS, 7.0) == pytest.approx(7 * np.abs(made - truth).mean())
    explained = 1 - ((made - truth) ** 2).sum(0) / ((truth - truth.mean(0)) ** 2).sum(0)
    assert metrics.value("r2", *NUMBERS, 7.0) == pytest.approx(explained.mean())


@pytest.mark.parametrize(("kind", "good"), [("classification", 8 * np.eye(4)), ("regression", None)])
def test_better_outputs_move_a_metric_in_its_direction(kind, good):
    outputs, truth = FOUR if kind == "classification" else NUMBERS
    better = good[truth] + outputs if kind == "classification" else 0.5 * outputs + 0.5 * truth
    for name in metrics.names(kind):
        rise = metrics.value(name, better, truth) - metrics.value(name, outputs, truth)
        assert rise > 0 if metrics.find(name).higher_is_better else rise < 0, name


def test_a_task_may_be_judged_by_every_metric_of_its_kind_and_no_other():
    task = breast_cancer()
    assert [with_metric(task, name).metric for name in metrics.names(task.kind)] == [
        *metrics.names("classification")
    ]
    assert not with_metric(task, "log_loss").higher_is_better and with_metric(task, "f1").higher_is_better
    with pytest.raises(UserError, match=r"'rmse' is for regression, but .* is a classification; .*auroc"):
        with_metric(task, "rmse")
    with pytest.raises(UserError, match=r"no metric 'auc'; did you mean 'auroc'"):
        with_metric(task, "auc")


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_auroc_is_that_of_scikit_learn_ties_included(classes):
    source = np.random.default_rng(classes)
    for rounded in (1, 6):
        outputs = source.normal(size=(300, classes)).round(rounded)
        truth = source.integers(classes, size=300)
        if classes == 2:
            expected = roc_auc_score(truth, outputs[:, 1] - outputs[:, 0])
        else:
            # As metrics.py does it: shares that are rounded otherwise are tied otherwise.
            shifted = np.exp(outputs - outputs.max(1, keepdims=True))
            share = shifted / shifted.sum(1, keepdims=True)
            expected = roc_auc_score(truth, share, multi_class="ovr")
        assert metrics.value("auroc", outputs, truth) == pytest.approx(expected, rel=1e-12)


def best_sensitivity(score, positive) -> float:
    """The best point of scikit-learn's curve whose specificity is at least 0.9."""
    false, true, _ = roc_curve(positive, score, drop_intermediate=False)
    return float(true[false <= 0.1 + 1e-12].max())


@pytest.mark.parametrize("rounded", [0, 6])
def test_sensitivity_at_90_specificity_is_the_best_point_of_scikit_learns_curve(rounded):
    for draw in range(10):  # one row more or less is not seen in every draw
        source = np.random.default_rng(draw)
        truth = source.integers(2, size=300)
        outputs = (source.normal(size=(300, 2)) + 1.5 * np.eye(2)[truth]).round(rounded)
        found = metrics.value("sensitivity_at_90_specificity", outputs, truth)
        assert found == best_sensitivity(outputs[:, 1] - outputs[:, 0], truth == 1) and 0 < found < 1
    outputs, truth = FOUR
    shares = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    expected = np.mean([best_sensitivity(shares[:, one], truth == one) for one in range(3)])
    assert metrics.value("sensitivity_at_90_specificity", *FOUR) == pytest.approx(expected)
    assert math.isnan(metrics.value("sensitivity_at_90_specificity", outputs, np.ones_like(truth)))


def test_sensitivity_tells_apart_what_probabilities_round_to_one():
    outputs = np.stack([np.zeros(20), 40.0 + np.arange(20)], 1)
    truth = (np.arange(20) >= 10).astype(int)
    assert metrics.value("sensitivity_at_90_specificity", outputs, truth) == 1.0


def test_calibration_error_is_counted_row_by_row():
    outputs, truth = FOUR
    shares = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    error = 0.0
    for low in np.arange(15) / 15:
        inside = [row for row in range(60) if low < shares[row].max() <= low + 1 / 15]
        right = sum(shares[row].argmax() == truth[row] for row in inside)
        error += abs(right - sum(shares[row].max() for row in inside)) / 60
    assert metrics.value("calibration_error", *FOUR) == pytest.approx(error) and error > 0.05
    assert not metrics.find("calibration_error").higher_is_better
