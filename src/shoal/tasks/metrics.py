"""Metrics: what outputs are judged by. scikit-learn computes most of them; it is imported late.

classification: accuracy (share of rows whose class is right), balanced_accuracy (mean recall of the classes
that occur), f1 (of class 1 where there are two classes, else the mean over classes that occur or are named),
auroc (of the score of class 1 where there are two classes, else the mean over classes that occur, each
against the rest), log_loss (mean cross-entropy in nats, all classes named), sensitivity_at_90_specificity
(the largest share of the rows of a class above a threshold that at least 90 % of all other rows do not
exceed; of class 1 where there are two classes, else the mean as for auroc), calibration_error (the expected
calibration error over 15 bins of the largest probability, see ``confidence.calibration``).
regression: rmse and mae (over all rows and outputs, in the target's unit), r2 (share of variance explained,
mean over outputs).
own: loss (the mean over rows of a loss that only the task knows, see shoal.tasks.own_loss).
language: bits_per_character (mean cross-entropy of the next character, in bits), character_accuracy (share of
characters that were the likeliest); both are computed where outputs are made, which are too many to keep.

F1 is 0 where nothing is named and nothing occurs. auroc and sensitivity_at_90_specificity are NaN where the
rows hold one class only, and r2 where there are fewer than two rows: they are undefined, not bad.
"""

import warnings
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from shoal.errors import unknown
from shoal.tasks.confidence import calibration, sensitivity

Kind = Literal["classification", "regression", "own", "language"]
MetricName = Literal[
    "accuracy", "auroc", "f1", "balanced_accuracy", "log_loss", "sensitivity_at_90_specificity",
    "calibration_error", "rmse", "mae", "r2", "loss", "bits_per_character", "character_accuracy",
]  # fmt: skip
Array = NDArray[Any]


class Metric(NamedTuple):
    """compute: (outputs [rows, outputs], targets) → number. outputs are logits, targets [rows] classes; or
    outputs and targets [rows, outputs] are standardized. None for the loss and for
    language.

    share: 1 is perfect and 0 is worthless, or the reverse where lower is better, so differences are meant
    absolutely; else in relation to the mean.
    counts_rows: it moves in steps of about one row. in_unit: to be multiplied by the target's scale.
    """

    kind: Kind
    higher_is_better: bool
    compute: Callable[[Array, Array], float] | None
    share: bool = False
    counts_rows: bool = False
    in_unit: bool = False


def find(name: str) -> Metric:
    """The metric of that name. Raises UserError listing those that exist."""
    if name not in _METRICS:
        raise unknown("metric", name, _METRICS)
    return _METRICS[name]


def names(kind: str) -> tuple[str, ...]:
    """The names of all metrics of a kind of task, the usual one first."""
    return tuple(name for name in get_args(MetricName) if _METRICS[name].kind == kind)


def value(name: str, outputs: Array, targets: Array, scale: float = 1.0) -> float:
    """The metric of outputs [rows, outputs] (logits, or standardized predictions) against targets.

    scale: what a standardized error is multiplied by to be in the target's unit.
    Raises UserError for an unknown name. NaN where the metric is undefined (see above).
    """
    metric = find(name)
    if metric.compute is None:
        raise ValueError(f"metric {name!r} is known to its task only")
    import sklearn

    quick = sklearn.config_context(skip_parameter_validation=True, assume_finite=True)
    with quick, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of undefined metrics, which are NaN here, and of absent classes
        found = float(metric.compute(np.asarray(outputs, np.float64), np.asarray(targets)))
    return found * scale if metric.in_unit else found


def load() -> None:
    """Imports scikit-learn now (about a second), so that processes forked later have it."""
    import sklearn.metrics  # noqa: F401


def _accuracy(outputs: Array, targets: Array) -> float:
    from sklearn import metrics

    return metrics.accuracy_score(targets, outputs.argmax(1))


def _balanced_accuracy(outputs: Array, targets: Array) -> float:
    from sklearn import metrics

    return metrics.balanced_accuracy_score(targets, outputs.argmax(1))


def _f1(outputs: Array, targets: Array) -> float:
    from sklearn import metrics

    average = "binary" if outputs.shape[1] == 2 else "macro"
    return metrics.f1_score(targets, outputs.argmax(1), average=average, zero_division=0.0)


def _auroc(outputs: Array, targets: Array) -> float:
    """By ranks (Mann & Whitney 1947, Annals of Mathematical Statistics 18), all classes at once: with ten
    classes a twelfth of the time of ``roc_auc_score``, which is the tests' witness."""
    from scipy.stats import rankdata

    present = np.unique(targets)
    if len(present) < 2:
        return float("nan")
    scores = _probabilities(outputs)[:, present]
    if outputs.shape[1] == 2:
        scores, present = (outputs[:, 1] - outputs[:, 0])[:, None], present[1:]
    true = targets[:, None] == present
    count, ranks = true.sum(0), np.where(true, rankdata(scores, axis=0), 0.0).sum(0)
    return float(np.mean((ranks - count * (count + 1) / 2) / (count * (len(targets) - count))))


def _log_loss(outputs: Array, targets: Array) -> float:
    from sklearn import metrics

    return metrics.log_loss(targets, _probabilities(outputs), labels=np.arange(outputs.shape[1]))


def _sensitivity(outputs: Array, targets: Array) -> float:
    """By logits where there are two classes, which order rows that probabilities round to the same 1."""
    present = np.unique(targets)
    if len(present) < 2:
        return float("nan")
    if outputs.shape[1] == 2:
        scores, present = outputs - outputs[:, :1], present[1:]
    else:
        scores = _probabilities(outputs)
    return float(np.mean([sensitivity(scores[:, one], targets == one) for one in present]))


def _calibration_error(outputs: Array, targets: Array) -> float:
    return float(calibration(_probabilities(outputs), targets)["error"])


def _probabilities(outputs: Array) -> Array:
    shifted = np.exp(outputs - outputs.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def _rmse(outputs: Array, targets: Array) -> float:
    from sklearn import metrics

    return metrics.mean_squared_error(targets, outputs) ** 0.5  # over all outputs, then the root


def _mae(outputs: Array, targets: Array) -> float:
    from sklearn import metrics

    return metrics.mean_absolute_error(targets, outputs)


def _r2(outputs: Array, targets: Array) -> float:
    from sklearn import metrics

    return metrics.r2_score(targets, outputs)


_METRICS: dict[str, Metric] = {
    "accuracy": Metric("classification", True, _accuracy, share=True, counts_rows=True),
    "auroc": Metric("classification", True, _auroc, share=True),
    "f1": Metric("classification", True, _f1, share=True, counts_rows=True),
    "balanced_accuracy": Metric("classification", True, _balanced_accuracy, share=True, counts_rows=True),
    "log_loss": Metric("classification", False, _log_loss),
    "sensitivity_at_90_specificity": Metric("classification", True, _sensitivity, share=True),
    "calibration_error": Metric("classification", False, _calibration_error, share=True),
    "rmse": Metric("regression", False, _rmse, in_unit=True),
    "mae": Metric("regression", False, _mae, in_unit=True),
    "r2": Metric("regression", True, _r2, share=True),
    "loss": Metric("own", False, None),
    "bits_per_character": Metric("language", False, None),
    "character_accuracy": Metric("language", True, None, share=True),
}
