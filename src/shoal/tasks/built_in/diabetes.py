"""Progress of diabetes after one year by 10 measurements, 442 rows (Efron and others 2004; scikit-learn).

The raw measurements are taken: scikit-learn's scaled ones were scaled with the test rows.
"""

from shoal.tasks.standardized import standardized_task
from shoal.tasks.task import Task

SUMMARY = "progress of diabetes after a year, 442 rows of 10 measurements, regression"


def task() -> Task:
    """Measurements and target are standardized by each seed's training rows; errors are in score points."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    return standardized_task("diabetes", x, y, "regression")
