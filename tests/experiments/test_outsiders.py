"""Other methods see the rows of each seed, are scored by the task's metric, and end at the deadline."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from shoal.experiments import outsider_models
from shoal.experiments.outsider_models import PENALTIES, Part, boosting, linear, linear_in_words
from shoal.experiments.outsiders import outsiders
from shoal.tasks.arrays import from_arrays
from shoal.tasks.standardized import standardized_task
from shoal.tasks.task import with_metric

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(3, 2, (400, 5))
NUMBER = 7 * X[:, 0] - X[:, 1] + 20 + RANDOM.normal(0, 1, 400)
CLASS = ((X[:, 1] - 3) * (X[:, 2] - 3) > 0).astype(np.int64)


def soon(seconds=60.0):
    return time.monotonic() + seconds


def test_ridge_regression_is_the_witness_of_the_linear_model():
    """The penalty with the least validation error, fitted in float64 on the seed's training rows."""
    task = standardized_task("numbers", X, NUMBER, "regression")
    found = {one.name: one for one in outsiders(task, [3, 8], soon())}
    assert set(found) == {"linear", "boosting"} and all(one.seconds > 0 for one in found.values())
    for seed in (3, 8):
        data = task.prepare(seed)
        x, y = data.x.double().numpy(), data.y.double().numpy()[:, 0]
        fits = [Ridge(penalty).fit(x[data.train], y[data.train]) for penalty in PENALTIES]
        best = min(fits, key=lambda fit: np.square(fit.predict(x[data.valid]) - y[data.valid]).mean())
        error = np.sqrt(np.square(best.predict(x[data.test]) - y[data.test]).mean()) * data.scale
        assert found["linear"].scores[seed] == pytest.approx(error, rel=1e-4)
        assert error < 1.5 < found["boosting"].scores[seed]  # the target is linear, with noise of 1


def test_boosting_is_scored_by_the_tasks_metric_on_test_rows():
    task = with_metric(standardized_task("classes", X, CLASS, "classification"), "auroc")
    data = task.prepare(0)
    x, y = data.x.double().numpy(), data.y.numpy()
    witness = HistGradientBoostingClassifier(max_iter=500, early_stopping=True, random_state=0)
    witness.fit(x[data.train], y[data.train], X_val=x[data.valid], y_val=y[data.valid])
    area = roc_auc_score(y[data.test], witness.predict_proba(x[data.test])[:, 1])
    found = {one.name: one for one in outsiders(task, [0], soon())}
    assert found["boosting"].scores[0] == pytest.approx(area)
    assert found["linear"].scores[0] < area  # a product of two columns is not linear


def test_the_penalty_is_chosen_on_validation_rows():
    """40 rows, 60 columns of noise: a weak penalty fits the training rows and loses on others."""
    x = np.random.RandomState(1).normal(size=(240, 60))
    y = (x[:, 0] > 0).astype(np.int64)
    train, valid, test = (Part(x[rows], y[rows]) for rows in (slice(40), slice(40, 140), slice(140, 240)))
    chosen = linear(train, valid, 2, True)
    weak = linear(train, Part(x[:0], y[:0]), 2, True)
    losses = [outsider_models._loss(one, test, True) for one in (chosen, weak)]
    assert losses[0] < 0.69 and losses[0] < losses[1]


def test_classes_that_training_rows_lack_get_a_probability_near_none():
    x, y = X[:60], np.arange(60) % 3
    train = Part(x[y < 2], y[y < 2])
    for fit in (linear, boosting):
        made = np.exp(fit(train, Part(x, y), 3, True)(x))
        assert made.shape == (60, 3) and (made[:, 2] < 1e-9).all()
        np.testing.assert_allclose(made.sum(1), 1, atol=1e-6)


def test_several_outputs_and_no_validation_rows():
    y = np.stack([NUMBER, 100 * X[:, 2]], axis=1)
    task = from_arrays(X, y, valid_share=0.0)
    found = {one.name: one.scores[0] for one in outsiders(task, [0], soon())}
    assert all(score < 0.5 * task.prepare(0).scale for score in found.values())


def test_rows_that_are_not_flat_have_no_outsiders():
    assert outsiders(from_arrays(torch.rand(60, 1, 4, 4), torch.arange(60) % 2), [0], soon()) == ()


def texts(rows=120):
    """Rows of up to 12 tokens; whether 2 stands right before 3 is the class, both stand in every row."""
    random = np.random.RandomState(2)
    x = random.randint(4, 30, (rows, 12))
    for row in range(rows):
        place = random.randint(0, 5)
        x[row, place : place + 2] = (2, 3) if row % 2 else (3, 2)
        x[row, random.randint(8, 13) :] = 0
    return x, np.arange(rows) % 2


def test_words_and_pairs_are_weighted_as_by_scikit_learn(monkeypatch):
    x, y = texts()
    seen = []
    monkeypatch.setattr(
        outsider_models, "_penalized", lambda transform, *rest: seen.append(transform) or transform
    )
    linear_in_words(Part(x[:80], y[:80]), Part(x[80:], y[80:]), 2, True)
    words = [" ".join(f"w{number}" for number in row if number) for row in x]
    witness = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit(words[:80])
    made, expected = seen[0](x[80:]).toarray(), witness.transform(words[80:]).toarray()
    assert made.shape == expected.shape
    np.testing.assert_allclose(made @ made.T, expected @ expected.T, atol=1e-12)
    np.testing.assert_allclose(np.sort(made.sum(0)), np.sort(expected.sum(0)), atol=1e-12)


def test_tokens_have_a_linear_model_alone_which_sees_pairs():
    """On single words no model is better than chance; the same tokens as numbers tell nothing either."""
    x, y = texts(400)
    task = replace(from_arrays(torch.from_numpy(x).float(), torch.from_numpy(y)), vocabulary=30)
    found = outsiders(task, [0, 1], soon())
    assert [one.name for one in found] == ["linear"] and min(found[0].scores.values()) > 0.95
    number = replace(from_arrays(torch.from_numpy(x).float(), torch.from_numpy(y * 7.0 + 1)), vocabulary=30)
    (fitted,) = outsiders(number, [0], soon())
    assert fitted.scores[0] < 0.6 * number.prepare(0).scale


def test_nothing_is_begun_after_the_deadline():
    task = standardized_task("classes", X, CLASS, "classification")
    assert [one.scores for one in outsiders(task, [0, 1], time.monotonic())] == [{}, {}]


def test_a_fit_that_takes_too_long_is_ended():
    """50,000 rows of noise in 12 classes: trees without end; the first answers come or nothing does."""
    random = np.random.RandomState(0)
    task = from_arrays(random.normal(size=(50_000, 40)).astype("float32"), np.arange(50_000) % 12)
    task.prepare(0)
    started = time.monotonic()
    found = outsiders(task, range(50), soon(2.0))
    assert time.monotonic() - started < 4.0
    assert [one.name for one in found] == ["linear", "boosting"] and len(found[1].scores) < 5


def test_a_failing_process_is_told(monkeypatch):
    monkeypatch.setattr(
        sys, "executable", subprocess.run(["which", "false"], capture_output=True).stdout.decode().strip()
    )
    task = standardized_task("classes", X, CLASS, "classification")
    with pytest.raises(RuntimeError, match="fitting other methods ended with exit code 1 and said: nothing"):
        outsiders(task, [0], soon())


def test_the_process_of_the_fits_does_not_import_torch():
    program = "import sys, shoal.experiments.outsider_models; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
