"""What one network does on rows of classes: who is taken for whom, how far its confidence can be trusted.

Plain functions of class probabilities and true classes; the results are plain data for JSON.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.tasks.confidence import Classes, Shares, calibration, sensitivity

_MOST_CLASSES = 100
"""More than so many classes make no table that anyone reads."""


def diagnose(shares: Shares, truth: Classes, names: Sequence[object]) -> dict[str, Any]:
    """Everything below for probabilities [rows, classes] and true classes [rows], under these keys.

    classes: the names. confusion: [true][predicted] counts, or None for more than 100 classes. per_class:
    name → precision, recall, rows, predicted. calibration: error and bins. sensitivity_at_90_specificity:
    name → each class against the rest. None stands where a number is undefined.
    """
    called = [str(name) for name in names]
    counts = confusion(shares.argmax(1), truth, len(called))
    return {
        "classes": called,
        "confusion": counts.tolist() if len(called) <= _MOST_CLASSES else None,
        "per_class": {name: one for name, one in zip(called, per_class(counts), strict=True)},
        "calibration": calibration(shares, truth),
        "sensitivity_at_90_specificity": {
            name: sensitivity(shares[:, number], truth == number) for number, name in enumerate(called)
        },
    }


def confusion(predicted: Classes, truth: Classes, classes: int) -> NDArray[np.int64]:
    """How many rows of each true class (first axis) were given each class (second axis)."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def per_class(counts: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Of each class the precision (share of right ones among rows given it), the recall (share of its rows
    that were given it), its rows and how often it was given. None where there are no such rows."""
    return [
        {
            "precision": _share(counts[one, one], counts[:, one].sum()),
            "recall": _share(counts[one, one], counts[one].sum()),
            "rows": int(counts[one].sum()),
            "predicted": int(counts[:, one].sum()),
        }
        for one in range(len(counts))
    ]


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None
