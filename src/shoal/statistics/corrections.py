"""Correction of p values for the number of comparisons.

Holm 1979, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p values [k] in the given order: rejecting those ≤ α errs in any of them with probability ≤ α.

    The i-th smallest of k is multiplied by k - i + 1, never falls below a smaller one's, and is at most 1.
    No assumption on how the comparisons depend on each other. ValueError outside [0, 1].
    """
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"p values must be a list of numbers, not of shape {values.shape}")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"p values lie between 0 and 1, not {values.tolist()}")
    order = np.argsort(values, kind="stable")
    factors = np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return adjusted
