"""What is not a neural network: a linear model and gradient boosting, each fitted once on a seed's rows.

Runs as a process of its own (``python -m shoal.experiments.outsider_models``), because a fit cannot be
stopped from within and because forking workers after OpenMP has run hangs. It reads the path of an .npz file
a line, fits every model on it and answers with a line of JSON for each. It never imports torch.

Both see the prepared inputs of the networks, train on the training rows and choose (the penalty, the number
of trees) on the validation rows; without validation rows they take scikit-learn's defaults. Of text, which is
numbers of tokens, there is the linear model alone, on weighted counts of words and of pairs of them.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int64
from numpy import ndarray

from shoal.tasks import metrics

PENALTIES = tuple(10.0**power for power in range(4, -5, -1))  # strongest first
MOST_STEPS = 300  # of L-BFGS for a penalty
MOST_TREES = 500  # for a class or an output
FEWEST_ROWS = 2  # that hold a word or a pair, for it to count
LARGEST = 2**24  # tokens are numbered below it
LEAST_PROBABILITY = 1e-12


class Part(NamedTuple):
    """x: [rows, features] float64, or [rows, length] int64 tokens.

    y: [rows] classes, or [rows, outputs] standardized numbers.
    """

    x: Any
    y: Any


def linear(train: Part, valid: Part, outputs: int, classes: bool) -> Callable[[Any], Any]:
    """Logistic or ridge regression on standardized columns: [rows, features] → [rows, outputs].

    From the strongest L2 penalty on, weaker ones are tried while the loss on the validation rows falls.
    """
    from sklearn.preprocessing import StandardScaler

    return _penalized(StandardScaler().fit(train.x).transform, train, valid, outputs, classes)


def linear_in_words(train: Part, valid: Part, outputs: int, classes: bool) -> Callable[[Any], Any]:
    """``linear``, but on weighted counts of tokens and of pairs of neighbors: [rows, length] of numbers in.

    Those count that stand in two training rows at least, weighted by 1 + ln(count) and by how few rows hold
    them, rows scaled to length 1 (scikit-learn's TfidfTransformer with sublinear_tf).
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    named, places = _grams(train.x)
    found, which = np.unique(named, return_inverse=True)
    rows = np.bincount(np.unique(which * len(train.x) + places) // len(train.x))
    terms = found[rows >= min(FEWEST_ROWS, rows.max())]
    weights = TfidfTransformer(sublinear_tf=True).fit(_counts(train.x, terms))
    return _penalized(lambda x: weights.transform(_counts(x, terms)), train, valid, outputs, classes)


def _penalized(
    transform: Callable[[Any], Any], train: Part, valid: Part, outputs: int, classes: bool
) -> Callable[[Any], Any]:
    from sklearn.linear_model import LogisticRegression, Ridge

    x, least, best = transform(train.x), np.inf, None
    seen = transform(valid.x) if len(valid.x) else None
    model: Any = LogisticRegression(max_iter=MOST_STEPS, warm_start=True) if classes else Ridge()
    for penalty in PENALTIES if len(valid.x) else (1.0,):
        model.set_params(**({"C": 1 / penalty} if classes else {"alpha": penalty})).fit(x, train.y)
        predict = _predictor(deepcopy(model), outputs, classes)
        loss = 0.0 if seen is None else _loss(predict, Part(seen, valid.y), classes)
        if best is not None and not loss < least:
            break
        least, best = loss, predict
    assert best is not None
    chosen = best
    return lambda rows: chosen(transform(rows))


def _grams(x: Int64[ndarray, "rows length"]) -> tuple[Int64[ndarray, "grams"], Int64[ndarray, "grams"]]:
    """A number for each token and each pair of neighbors, and the row each stands in; 0 fills rows up."""
    first, second = x[:, :-1], x[:, 1:]
    single, pair = np.nonzero(x), np.nonzero(second)
    named = np.concatenate([x[single], (first[pair] + 1) * LARGEST + second[pair]])
    return named, np.concatenate([single[0], pair[0]])


def _counts(x: Int64[ndarray, "rows length"], terms: Int64[ndarray, "terms"]) -> Any:
    """How often each of the sorted ``terms`` stands in each row, [rows, terms], sparse."""
    from scipy.sparse import csr_array

    named, places = _grams(x)
    column = np.minimum(np.searchsorted(terms, named), len(terms) - 1)
    known = terms[column] == named
    return csr_array((np.ones(known.sum()), (places[known], column[known])), shape=(len(x), len(terms)))


def boosting(train: Part, valid: Part, outputs: int, classes: bool) -> Callable[[Any], Any]:
    """Histogram gradient boosting (scikit-learn's), trees added until the loss on the validation rows stays.

    Ke et al. 2017, LightGBM: a highly efficient gradient boosting decision tree, NeurIPS.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    stop = len(valid.x) > 0
    settings = {"max_iter": MOST_TREES if stop else 100, "early_stopping": stop, "random_state": 0}
    if classes:
        known = np.isin(valid.y, train.y)
        given = {"X_val": valid.x[known], "y_val": valid.y[known]} if stop else {}
        fitted = HistGradientBoostingClassifier(**settings).fit(train.x, train.y, **given)
        return _predictor(fitted, outputs, True)
    models = []
    for output in range(outputs):
        given = {"X_val": valid.x, "y_val": valid.y[:, output]} if stop else {}
        models.append(HistGradientBoostingRegressor(**settings).fit(train.x, train.y[:, output], **given))
    return lambda x: np.column_stack([model.predict(x) for model in models])


Model = Callable[[Part, Part, int, bool], Callable[[Any], Any]]
MODELS: dict[str, Model] = {"linear": linear, "boosting": boosting}
OF_TOKENS: dict[str, Model] = {"linear": linear_in_words}


def models(vocabulary: int) -> dict[str, Model]:
    """What is fitted on the inputs of a task, by name. vocabulary: of the task, 0 if they are no tokens."""
    return OF_TOKENS if vocabulary else MODELS


def _predictor(fitted: Any, outputs: int, classes: bool) -> Callable[[Any], Any]:
    if not classes:
        return lambda x: fitted.predict(x).reshape(x.shape[0], outputs)

    def log_probabilities(x: Float[ndarray, "rows features"]) -> Float[ndarray, "rows outputs"]:
        made = np.zeros((x.shape[0], outputs))
        made[:, fitted.classes_] = fitted.predict_proba(x)
        return np.log(np.maximum(made, LEAST_PROBABILITY))

    return log_probabilities


def _loss(predict: Callable[[Any], Any], valid: Part, classes: bool) -> float:
    return metrics.value("log_loss" if classes else "rmse", predict(valid.x), valid.y)


def score(name: str, arrays: Any) -> tuple[float, float]:
    """Fit the model called ``name``; its metric on the test rows, and the seconds that fitting took."""
    started = time.perf_counter()
    classes = bool(arrays["classes"])
    vocabulary = int(arrays["vocabulary"])
    x = arrays["x"].astype(np.int64 if vocabulary else np.float64)
    parts = {part: Part(x[arrays[part]], arrays["y"][arrays[part]]) for part in ("train", "valid", "test")}
    predict = models(vocabulary)[name](parts["train"], parts["valid"], int(arrays["outputs"]), classes)
    seconds = time.perf_counter() - started
    metric, scale = str(arrays["metric"]), float(arrays["scale"])
    return metrics.value(metric, predict(parts["test"].x), parts["test"].y, scale), seconds


def main() -> None:
    """Answer one line of JSON a model for every path that is read."""
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401  # now, so that it is not a part of the first fit's seconds

    warnings.simplefilter("ignore")  # a linear model that is stopped before it converges is meant to be
    for line in sys.stdin:
        with np.load(line.rstrip("\n"), allow_pickle=False) as file:
            arrays = dict(file)
        for name in models(int(arrays["vocabulary"])):
            value, seconds = score(name, arrays)
            print(json.dumps({"name": name, "score": value, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
