"""Which metric fits the classes: accuracy, unless one is so rare that accuracy hardly sees it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from shoal.tasks.metrics import MetricName

RARE = 0.2  # of the share that a class would have if all were equal
NAMED = 6


def metric_for(
    labels: Int64[ndarray, "rows"], names: Sequence[str] = ()
) -> tuple[MetricName, tuple[str, ...]]:
    """The metric of a classification by the classes' shares, and a note if it is not accuracy.

    auroc if the rarest class has less than a fifth of an equal share (two classes: less than 10 %): then
    never naming it costs accuracy less than that, and a network that does so looks good. The area under the
    ROC curve weighs classes equally, whatever their shares, and is 0.5 for knowing nothing.
    names: what classes are called, in order; without them, by number. Classes without a row do not count.
    """
    counts = np.bincount(labels)
    there = np.flatnonzero(counts)
    shares = counts[there] / len(labels)
    if shares.min() >= RARE / len(there):
        return "accuracy", ()
    order = np.argsort(-shares, kind="stable")
    said = [f"{names[there[at]] if len(names) else there[at]} {_percent(shares[at])}" for at in order]
    if len(said) > NAMED:
        said = [*said[: NAMED // 2], "…", *said[-NAMED // 2 :]]
    return "auroc", (
        f"classes are imbalanced ({', '.join(said)}), so the metric is auroc; accuracy would hardly see the "
        "rarest, but can be asked for",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
