"""What is not a neural network: a linear model and gradient boosting, each fitted once on a seed's rows.

Runs as a process of its own (``python -m shoal.experiments.outsider_models``), because a fit cannot be
stopped from within and because forking workers after OpenMP has run hangs. It reads the path of an .npz file
a line, fits every model on it and answers with a line of JSON for each. It never imports torch.

Both see the prepared inputs of the networks, train on the training rows and choose (the penalty, the number
of trees) on the validation rows; without validation rows they take scikit-learn's defaults.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from shoal.tasks import metrics

PENALTIES = tuple(10.0**power for power in range(4, -5, -1))  # strongest first
MOST_STEPS = 300  # of L-BFGS for a penalty
MOST_TREES = 500  # for a class or an output
LEAST_PROBABILITY = 1e-12


class Part(NamedTuple):
    """x: [rows, features] float64. y: [rows] classes, or [rows, outputs] standardized numbers."""

    x: Any
    y: Any


def linear(train: Part, valid: Part, outputs: int, classes: bool) -> Callable[[Any], Any]:
    """Logistic or ridge regression on standardized columns: [rows, features] → [rows, outputs].

    From the strongest L2 penalty on, weaker ones are tried while the loss on the validation rows falls.
    """
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train.x)
    x, least, best = scaler.transform(train.x), np.inf, None
    model: Any = LogisticRegression(max_iter=MOST_STEPS, warm_start=True) if classes else Ridge()
    for penalty in PENALTIES if len(valid.x) else (1.0,):
        model.set_params(**({"C": 1 / penalty} if classes else {"alpha": penalty})).fit(x, train.y)
        predict = _predictor(deepcopy(model), outputs, classes, scaler.transform)
        loss = _loss(predict, valid, classes) if len(valid.x) else 0.0
        if best is not None and not loss < least:
            break
        least, best = loss, predict
    assert best is not None
    return best


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


MODELS = {"linear": linear, "boosting": boosting}


def _predictor(fitted: Any, outputs: int, classes: bool, scale: Any = lambda x: x) -> Callable[[Any], Any]:
    if not classes:
        return lambda x: fitted.predict(scale(x)).reshape(len(x), outputs)

    def log_probabilities(x: Float[ndarray, "rows features"]) -> Float[ndarray, "rows outputs"]:
        made = np.zeros((len(x), outputs))
        made[:, fitted.classes_] = fitted.predict_proba(scale(x))
        return np.log(np.maximum(made, LEAST_PROBABILITY))

    return log_probabilities


def _loss(predict: Callable[[Any], Any], valid: Part, classes: bool) -> float:
    return metrics.value("log_loss" if classes else "rmse", predict(valid.x), valid.y)


def score(name: str, arrays: Any) -> tuple[float, float]:
    """Fit the model called ``name``; its metric on the test rows, and the seconds that fitting took."""
    started = time.perf_counter()
    classes = bool(arrays["classes"])
    x = arrays["x"].astype(np.float64)
    parts = {part: Part(x[arrays[part]], arrays["y"][arrays[part]]) for part in ("train", "valid", "test")}
    predict = MODELS[name](parts["train"], parts["valid"], int(arrays["outputs"]), classes)
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
        for name in MODELS:
            value, seconds = score(name, arrays)
            print(json.dumps({"name": name, "score": value, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
