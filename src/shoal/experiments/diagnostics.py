"""What one network does on rows of classes: who is taken for whom, how far its confidence can be trusted.

Plain functions of class probabilities and true classes; the results are plain data for JSON.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]
Classes = NDArray[np.int64]

BINS = 15
SPECIFICITY = 0.9
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


def calibration(shares: Shares, truth: Classes, bins: int = BINS) -> dict[str, Any]:
    """The expected calibration error, and the reliability diagram it is computed from.

    error = Σ rows of the bin / rows · |accuracy - confidence| over bins (k/bins, (k+1)/bins] of the
    confidence, the largest probability of a row. Bins without rows are left out. error is None without rows.
    Naeini, Cooper & Hauskrecht 2015, Obtaining well calibrated probabilities using Bayesian binning, AAAI;
    the confidence of the class named, as Guo et al. 2017, On calibration of modern neural networks,
    arXiv:1706.04599.
    """
    confidence, right = shares.max(1), shares.argmax(1) == truth
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for number in np.unique(place).tolist():
        inside = place == number
        found.append(
            {
                "low": number / bins,
                "high": (number + 1) / bins,
                "rows": int(inside.sum()),
                "confidence": float(confidence[inside].mean()),
                "accuracy": float(right[inside].mean()),
            }
        )
    gaps = [one["rows"] * abs(one["accuracy"] - one["confidence"]) for one in found]
    return {"error": sum(gaps) / len(truth) if len(truth) else None, "bins": found}


def sensitivity(
    score: NDArray[np.float64], positive: NDArray[np.bool_], specificity: float = SPECIFICITY
) -> float | None:
    """The largest share of positive rows above a threshold that at least ``specificity`` of the negative
    rows do not exceed. None where there are no positive or no negative rows."""
    if not positive.any() or positive.all():
        return None
    negative = np.sort(score[~positive])
    allowed = int(np.floor((1 - specificity) * len(negative) + 1e-9))
    threshold = negative[len(negative) - 1 - allowed]
    return float((score[positive] > threshold).mean())


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None
