"""A task from a user's own network and data: tensors, torch data sets or loaders."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shoal.errors import UserError
from shoal.tasks import own_network
from shoal.tasks.arrays import kind_reason, number_of_classes, own_targets
from shoal.tasks.examples import Examples, default_batch_size, read, rows_of
from shoal.tasks.fixed_split import FixedSplit
from shoal.tasks.layout import Part, is_plain
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import Rows, split
from shoal.tasks.task import Task as BuiltTask
from shoal.tasks.task import with_metric
from shoal.tasks.unpacked import Unpacking

CACHE_BYTES = 2 * 2**30


def Task(  # noqa: N802 - it stands for the class that it makes
    network: nn.Module | Callable[[], nn.Module] | None,
    train: Any,
    valid: Any = None,
    test: Any = None,
    *,
    metric: str | None = None,
    classes: int | None = None,
    name: str = "own",
    cache_bytes: int = CACHE_BYTES,
) -> BuiltTask:
    """The task to train ``network`` on ``train``, choose on ``valid`` and judge on ``test``.

    network: a factory of a torch.nn.Module, or an instance, which is copied and drawn anew for every seed;
    None for shoal's own networks. It gets inputs as the data yield them, with their shapes and types (double
    precision becomes single), several by position or, from a dictionary, by keyword, and returns [rows,
    outputs], or something with ``logits``.
    train, valid, test: tensors ``(x, y)``, a torch ``Dataset`` or a ``DataLoader``, whose rows or batches are
    ``(x, y)``, ``(x1, x2, y)``, ``([x1, x2], y)``, ``({name: x}, y)`` or ``{name: x, "labels": y}``
    (shoal.tasks.layout.LABELS are the names of a target). shoal shuffles and batches itself: of a loader it
    takes the data set, the collate function and, where a recipe states none, the batch size. Without
    ``test`` a fifth of ``train`` is the test part, the same rows for every seed; without ``valid`` a fifth of
    the rest validates, drawn by the seed. A ``valid`` that is given is the same for every seed.
    Targets are [rows] integers from 0 for classes, or [rows] or [rows, outputs] floats for regression.
    metric: a name of shoal.tasks.metrics; accuracy and rmse if None. classes: how many there are, if not all
    occur among the targets and no network tells.
    cache_bytes: rows of data sets are read once and kept if their inputs need no more bytes than this, 2 GiB
    (in single precision); beyond it, they are read again whenever they are needed.
    Raises UserError, one sentence, for data that cannot be read, rows or parts that are not alike, NaN or
    infinity, and a network that fails on one batch or returns another shape.
    """
    parts = {
        what: data for what, data in (("train", train), ("valid", valid), ("test", test)) if data is not None
    }
    if "train" not in parts:
        raise UserError("train is None; tensors (x, y), a torch Dataset or a DataLoader is needed")
    examples = read(parts, cache_bytes)
    targets = own_targets(examples.y, "the target")
    notes = [*examples.notes, kind_reason(targets)]
    few = examples.x[torch.arange(min(4, len(examples.x)))]
    make, said = _factory(network, examples.layout, few)
    notes += said
    regression = targets.is_floating_point()
    width = targets.shape[1] if regression else _classes(targets, classes, make, few)
    if make is not None:
        own_network.check(make, few, width)
    rows = _split(examples, [*parts], None if regression else targets.numpy())
    if "valid" in parts:
        notes.append("training and validation rows are those given, the same for every seed")
    made = BuiltTask(
        name=name,
        kind="regression" if regression else "classification",
        metric="rmse" if regression else "accuracy",
        features=tuple(examples.x.shape[1:]),
        outputs=width,
        train_rows=rows.train_rows,
        prepare=Preparation(rows, examples.x, targets, standardize=regression),
        fingerprint=fingerprint((examples.digest, rows.test, rows.draw(0)[0])),
        network=make,
        notes=tuple(notes),
        batch_size=default_batch_size(train),
    )
    return made if metric is None else with_metric(made, metric)


def _factory(
    network: nn.Module | Callable[[], nn.Module] | None, layout: tuple[Part, ...], few: Tensor
) -> tuple[Callable[[], nn.Module] | None, list[str]]:
    """What makes networks of one packed tensor into one tensor, and what to tell of it."""
    if network is None:
        return None, []
    make, said = own_network.factory(network)
    if is_plain(layout) and isinstance(own_network.first_output(make, few), Tensor):
        return make, said
    return Unpacking(make, layout), said


def _classes(y: Tensor, stated: int | None, make: Callable[[], nn.Module] | None, few: Tensor) -> int:
    """How many classes: as stated, as many as the network has outputs, or as the targets show."""
    if stated is None and make is not None:
        made = own_network.first_output(make, few)
        if isinstance(made, Tensor) and made.ndim == 2 and made.shape[1] > int(y.max()):
            stated = made.shape[1]
    return number_of_classes(y, stated)


def _split(examples: Examples, parts: list[str], labels: np.ndarray | None) -> Rows:
    """The rows of the parts that are given, and the usual draws for those that are not."""
    numbers = {
        what: np.fromiter(rows_of(examples.lengths, place), dtype=np.int64)
        for place, what in enumerate(parts)
    }
    if "valid" not in parts:
        return split(len(examples.x), labels, test=numbers.get("test"))
    test = numbers.get("test")
    if test is None:
        train_labels = None if labels is None else labels[: examples.lengths[0]]
        test = split(examples.lengths[0], train_labels).test
    return FixedSplit(np.setdiff1d(numbers["train"], test), numbers["valid"], test)
