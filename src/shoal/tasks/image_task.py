"""A task from images that are decoded: split, standardized, one tensor for every seed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from torch import Tensor

from shoal.errors import UserError
from shoal.tasks.arrays import own_targets
from shoal.tasks.group_split import GroupSplit, split_by_group
from shoal.tasks.image_encoder import ImageEncoder
from shoal.tasks.imbalance import metric_for
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import Parts, Rows, check, split
from shoal.tasks.task import Task

SHARED = (
    "images are standardized by each channel's mean and deviation over all images but the test part: the "
    "same for every seed, so that all networks share one tensor"
)


class Targets(NamedTuple):
    """values: [rows] int64 classes, or [rows, outputs] float64. classes: their names, if they have any."""

    values: Tensor
    classes: tuple[str, ...]


def image_task(
    name: str,
    x: Float32[ndarray, "rows channels height width"],
    targets: Targets,
    *,
    first_test: int | None = None,
    groups: Int64[ndarray, "rows"] | None = None,
    notes: Sequence[str] = (),
) -> Task:
    """The task to tell ``targets`` from images in [0, 1]. ``x`` is standardized in place.

    first_test: the row at which the official test part begins; without one, 20 % of the rows. groups: rows of
    one group stay on one side of every split. Mean and deviation of a channel are those of all rows but the
    test rows, validation rows included: two numbers a channel, so that x is one tensor for every seed, which
    worker processes share. Raises UserError for what cannot be split.
    """
    values, classes = targets
    labels = None if values.is_floating_point() else values.numpy()
    test = None if first_test is None else np.arange(first_test, len(x))
    rows, said = _split(labels, test, groups, len(x), classes)
    print_of_data = fingerprint((x, values, rows.test, groups))
    encoder = ImageEncoder.fit(x, rows.rest)
    inputs = torch.from_numpy(encoder.in_place(x))
    metric, rare = ("rmse", ()) if labels is None else metric_for(labels, classes)
    outputs = values.shape[1] if labels is None else int(labels.max()) + 1
    return Task(
        name=name,
        kind="regression" if labels is None else "classification",
        metric=metric,
        features=tuple(x.shape[1:]),
        outputs=outputs,
        train_rows=rows.train_rows,
        prepare=Preparation(
            rows, inputs, values, standardize=labels is None, classes=classes, finished=encoder
        ),
        fingerprint=print_of_data,
        notes=(*notes, *rare, *said, SHARED),
    )


def targets_of(y: Any, first_test: int | None) -> Targets:
    """Classes numbered from 0, called by their numbers where these are others, or numbers to predict.

    y: [rows] or [rows, 1] integers, or [rows] or [rows, outputs] floats. Raises UserError for anything else,
    one class only, and a class that occurs in the test part only.
    """
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    elif y.ndim == 2 and not np.issubdtype(y.dtype, np.floating):
        raise UserError(
            f"labels have shape {list(y.shape)}, several for each image, which is not learned; keep "
            "one column"
        )
    values = own_targets(y, "the labels")
    if values.is_floating_point():
        return Targets(values, ())
    found, codes = np.unique(values.numpy(), return_inverse=True)
    if len(found) < 2:
        raise UserError(f"all labels are {found[0]}; there is nothing to learn")
    if first_test is not None:
        unseen = np.setdiff1d(codes[first_test:], codes[:first_test])
        if len(unseen):
            raise UserError(
                f"class {found[unseen[0]]} is in the test part only, so it cannot be learned; leave its "
                "images out of it"
            )
    plain = (found == np.arange(len(found))).all()
    return Targets(torch.from_numpy(codes), () if plain else tuple(map(str, found)))


def _split(
    labels: ndarray | None,
    test: ndarray | None,
    groups: ndarray | None,
    rows: int,
    classes: tuple[str, ...],
) -> tuple[Rows, tuple[str, ...]]:
    parts = Parts(test)
    if groups is None:
        return split(rows, labels, **parts._asdict()), ()
    check(rows, parts.test_share, parts.valid_share)
    whole = split_by_group(groups, labels, parts, classes)
    return whole, (_said(whole),)


def _said(whole: GroupSplit) -> str:
    number = int(whole.groups.max()) + 1
    said = f"images of one group stand on one side of every split; there are {number} groups"
    if whole.most > whole.fewest:
        said += f", of different sizes, so up to {whole.most - whole.fewest} images sit out a seed"
    return said
