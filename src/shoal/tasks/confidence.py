"""How far a classifier's confidence can be trusted: calibration, and sensitivity at a specificity.

Plain functions of class probabilities and true classes, in float64.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]
Classes = NDArray[np.int64]

BINS = 15
SPECIFICITY = 0.9


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
