"""Breast tumors, malignant or benign, by 30 measurements of cell nuclei, 569 rows (Wolberg and others 1995,
UCI; scikit-learn)."""

from shoal.tasks.standardized import standardized_task
from shoal.tasks.task import Task

SUMMARY = "breast tumors, 569 rows of 30 measurements of cell nuclei, 2 classes"


def task() -> Task:
    """Measurements are standardized by each seed's training rows."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return standardized_task("breast-cancer", x, y, "classification")
