"""Splits by time: train on the past, choose on what follows, judge on the last.

Rows of the same time stay together, so the parts are as near to their shares as that allows. Every seed has
the same rows: seeds differ in the chance of training only.
"""

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.fixed_split import FixedSplit
from shoal.tasks.splits import Parts


def split_by_time(
    times: Float64[ndarray, "rows"],
    labels: Int64[ndarray, "rows"] | None,
    asked: Parts,
    names: tuple[str, ...] = (),
) -> FixedSplit:
    """Split rows by time; an official test part stays what it is. names: what classes are called.

    Raises UserError if there are fewer different times than parts, and if a class is first seen after the
    training rows.
    """
    test, test_share, valid_share = asked
    everything = np.arange(len(times))
    if test is None:
        rest, test = _cut(everything, times, test_share)
    else:
        rest = np.setdiff1d(everything, test)
    train, valid = (rest, rest[:0]) if valid_share == 0 else _cut(rest, times, valid_share)
    if labels is not None:
        late = np.setdiff1d(labels, labels[train])
        if len(late):
            first = int(late[0])
            raise UserError(
                f"class {names[first] if names else first!r} is first seen after the training rows, so it "
                "cannot be learned; leave it out, merge it with another, or split by chance"
            )
    return FixedSplit(train, valid, np.sort(test))


def _cut(rows: ndarray, times: ndarray, share: float) -> tuple[ndarray, ndarray]:
    """The earlier rows and about ``share`` of them, the later ones; equal times on one side."""
    order = rows[np.argsort(times[rows], kind="stable")]
    cuts = 1 + np.flatnonzero(np.diff(times[order]))
    if len(cuts) == 0:
        raise UserError(
            "there are too few different times to train on earlier and judge on later rows; split by chance"
        )
    cut = cuts[np.abs(cuts - (1 - share) * len(rows)).argmin()]
    return np.sort(order[:cut]), np.sort(order[cut:])
