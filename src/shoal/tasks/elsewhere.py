"""A task whose data shoal never sees: runs stand in a table, or a function of the user's trains them."""

import torch

from shoal.errors import UserError
from shoal.tasks import metrics
from shoal.tasks.metrics import MetricName
from shoal.tasks.preparation import fingerprint
from shoal.tasks.task import Prepared, Task

_CLASSES = 2


def elsewhere(
    name: str, metric: MetricName = "accuracy", *, train_rows: int = 1000, test_rows: int = 1000
) -> Task:
    """The task called ``name``, for ``shoal.compare(task, trainer=...)`` with a trainer of one's own.

    metric: what its scores are, a name of shoal.tasks.metrics. train_rows: how long training is decided by
    (see ``experiments.sizing.lengths``). test_rows: how finely scores are told apart that count rows.
    Raises UserError for an unknown metric and for fewer rows than one.
    """
    if train_rows < 1 or test_rows < 1:
        raise UserError(f"{train_rows} training and {test_rows} test rows: a task has at least one of each")
    kind = metrics.find(metric).kind
    rows = torch.arange(train_rows + test_rows)
    x = torch.zeros(len(rows), 1)
    y = rows % _CLASSES if kind == "classification" else torch.linspace(-1.7, 1.7, len(rows))[:, None]
    none = rows[:train_rows][-1:]

    def prepare(seed: int) -> Prepared:
        return Prepared(x, y, rows[:train_rows], none, rows[train_rows:], 1.0)

    return Task(
        name=name,
        kind=kind,
        metric=metric,
        features=(1,),
        outputs=_CLASSES if kind == "classification" else 1,
        train_rows=train_rows,
        prepare=prepare,
        fingerprint=fingerprint((name, metric, train_rows, test_rows)),
        notes=("trained elsewhere: there is no network to save, and no plain loop to compare with",),
    )
