"""A task from columns that are all numbers: each is standardized by the seed's training rows."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Shaped
from numpy import ndarray

from shoal.tasks.encoders import Standardizer
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import split
from shoal.tasks.task import Task


def standardized_task(
    name: str,
    x: Float[ndarray, "rows columns"],
    y: Shaped[ndarray, "rows"],
    kind: Literal["classification", "regression"],
) -> Task:
    """A task from numbers without gaps. y: classes 0, 1, ... or, for regression, numbers in their unit."""
    classes = kind == "classification"
    y = y.astype(np.int64 if classes else np.float64)
    rows = split(len(y), y if classes else None)
    targets = torch.from_numpy(y if classes else y[:, None])
    return Task(
        name=name,
        kind=kind,
        metric="accuracy" if classes else "rmse",
        features=(x.shape[1],),
        outputs=int(y.max()) + 1 if classes else 1,
        train_rows=rows.train_rows,
        prepare=Preparation(rows, x, targets, Standardizer.fit, standardize=not classes),
        fingerprint=fingerprint((x, y, rows.test, rows.valid_share)),
    )
