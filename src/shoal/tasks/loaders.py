"""A task from a user's own network and data: tensors, torch data sets or loaders."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shoal.errors import UserError
from shoal.tasks import own_network
from shoal.tasks.aim import by_own_loss, usual
from shoal.tasks.examples import Examples, default_batch_size, read, rows_of
from shoal.tasks.fixed_split import FixedSplit
from shoal.tasks.layout import Part, is_plain
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import Rows, split
from shoal.tasks.task import Task as BuiltTask
from shoal.tasks.task import with_metric
from shoal.tasks.unpacked import Unpacking

CACHE_BYTES = 2 * 2**30
_TRIED = 64


def Task(  # noqa: N802 - it stands for the class that it makes
    network: nn.Module | Callable[[], nn.Module] | None,
    train: Any,
    valid: Any = None,
    test: Any = None,
    *,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
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
    loss: in place of cross-entropy and squared error a function of (outputs, targets) whose value is a mean
    over rows, ``nn.BCEWithLogitsLoss()`` for example. It gets targets as the data yield them, of any shape
    (int64 or float32), and the network's outputs, of any shape.
    metric: a name of shoal.tasks.metrics; None for accuracy (auroc where classes are rare) or rmse, or for
    the loss, if it is your own and targets are not classes. classes: how many there are, if not all
    occur among the targets and no network tells.
    cache_bytes: rows of data sets are read once and kept if their inputs need no more bytes than this, 2 GiB
    (in single precision); beyond it, they are read again whenever they are needed.
    Raises UserError, one sentence, for data that cannot be read, rows or parts that are not alike, NaN or
    infinity, a network that fails on some rows or returns another shape, a loss that fails or is no mean, and
    a metric that does not fit.
    """
    parts = {
        what: data for what, data in (("train", train), ("valid", valid), ("test", test)) if data is not None
    }
    if "train" not in parts:
        raise UserError("train is None; tensors (x, y), a torch Dataset or a DataLoader is needed")
    examples = read(parts, cache_bytes)
    some = _spaced(len(examples.x))
    inputs = examples.x[some]
    make, said = _factory(network, examples.layout, inputs)
    if loss is None:
        aim = usual(examples.y, make, inputs, classes)
    else:
        aim = by_own_loss(examples.y, make, (inputs, some), loss, metric)
    labels = aim.targets.numpy() if aim.kind == "classification" else None
    rows = _split(examples, [*parts], labels)
    notes = [*examples.notes, *said, *aim.notes]
    if "valid" in parts:
        notes.append("training and validation rows are those given, the same for every seed")
    made = BuiltTask(
        name=name,
        kind=aim.kind,
        metric=aim.metric,
        features=tuple(examples.x.shape[1:]),
        outputs=aim.outputs,
        train_rows=rows.train_rows,
        prepare=Preparation(rows, examples.x, aim.targets, standardize=aim.targets.dtype == torch.float64),
        fingerprint=fingerprint((examples.digest, rows.test, rows.draw(0)[0])),
        network=make,
        notes=tuple(notes),
        batch_size=default_batch_size(train),
        loss=aim.loss,
    )
    return made if metric is None else with_metric(made, metric)


def _spaced(rows: int) -> Tensor:
    """Some row numbers, evenly over all of them: what a network and a loss are tried on."""
    return torch.linspace(0, rows - 1, min(rows, _TRIED)).long()


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
