"""Wines of three growers by 13 chemical measurements, 178 rows (Aeberhard & Forina 1991, UCI).

The copy is scikit-learn's.
"""

from shoal.tasks.standardized import standardized_task
from shoal.tasks.task import Task

SUMMARY = "wines of three growers, 178 rows of 13 chemical measurements, 3 classes"


def task() -> Task:
    """Measurements are standardized by each seed's training rows."""
    from sklearn.datasets import load_wine

    x, y = load_wine(return_X_y=True)
    return standardized_task("wine", x, y, "classification")
