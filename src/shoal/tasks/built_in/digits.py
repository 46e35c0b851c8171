"""Handwritten digits, 1,797 images of 8×8 pixels in 10 classes (Alpaydin & Kaynak 1998, UCI; scikit-learn).

Pixels are 0 to 16 and are divided by 16, so nothing is fitted and every seed sees the same tensors.
"""

import torch

from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import split
from shoal.tasks.task import Task

SUMMARY = "handwritten digits, 1,797 images of 8×8 pixels, 10 classes"


def task() -> Task:
    """Rows of 64 pixels in [0, 1]; 20 % of the rows test, 20 % of the others validate, by class."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    labels = labels.astype("int64")
    x = torch.from_numpy((pixels / 16).astype("float32"))
    rows = split(len(labels), labels)
    return Task(
        name="digits",
        kind="classification",
        metric="accuracy",
        features=(64,),
        outputs=10,
        train_rows=rows.train_rows,
        prepare=Preparation(rows, x, torch.from_numpy(labels)),
        fingerprint=fingerprint((x, labels, rows.test, rows.valid_share)),
    )
