"""CIFAR-10 and CIFAR-100 in their binary format: an image a record, its labels before its pixels.

A record is 1 label (CIFAR-10) or 2 (CIFAR-100: coarse, fine; the fine one is learned), then 3 × 32 × 32
bytes, red, green and blue. Krizhevsky 2009, Learning multiple layers of features from tiny images.
"""

from pathlib import Path

import numpy as np

from shoal.errors import UserError
from shoal.tasks.bounded import read_bytes
from shoal.tasks.image_arrays import Part, from_image_arrays
from shoal.tasks.task import Task

PIXELS = (3, 32, 32)
LAST_LABEL = {1: 9, 2: 99}
"""By labels of a record: CIFAR-10, and the fine ones of CIFAR-100."""
_BATCHES, _TEST = "data_batch_*.bin", "test_batch.bin"


def is_cifar(folder: Path) -> bool:
    """Whether ``folder`` holds batches of CIFAR, in the binary format or as Python pickles."""
    return any(folder.glob("data_batch_*")) or (folder / "train.bin").is_file()


def from_cifar(folder: Path, *, image_size: int | None = None) -> Task:
    """The task of data_batch_1.bin ... and test_batch.bin, or of train.bin and test.bin.

    Classes have the names in batches.meta.txt or fine_label_names.txt, if there is one. Without the test
    file, 20 % of the images test. Raises UserError for files of another size, for labels
    that CIFAR does not have and for pickles.
    """
    batches = sorted(folder.glob(_BATCHES))
    labels, test, names = 1, folder / _TEST, folder / "batches.meta.txt"
    if not batches and (folder / "train.bin").is_file():
        batches, labels = [folder / "train.bin"], 2
        test, names = folder / "test.bin", folder / "fine_label_names.txt"
    if not batches:
        raise UserError(
            f"{folder} holds CIFAR as Python pickles, which run code when they are read; fetch the "
            "binary version"
        )
    return from_image_arrays(
        folder.resolve().name,
        [_read(one, labels) for one in batches],
        _read(test, labels) if test.is_file() else None,
        image_size=image_size,
        classes=_names(names),
    )


def _read(file: Path, labels: int) -> Part:
    data = np.frombuffer(read_bytes(file), np.uint8)
    size = labels + int(np.prod(PIXELS))
    if not len(data) or len(data) % size:
        raise UserError(
            f"{file} has {len(data):,} bytes, which is no whole number of records of {size:,}; fetch it again"
        )
    records = data.reshape(-1, size)
    highest = int(records[:, labels - 1].max())
    if highest > LAST_LABEL[labels]:
        raise UserError(
            f"{file} has a label {highest}, and those of CIFAR end at {LAST_LABEL[labels]}; fetch it again"
        )
    return Part(records[:, labels:].reshape(-1, *PIXELS), records[:, labels - 1])


def _names(file: Path) -> tuple[str, ...]:
    if not file.is_file():
        return ()
    lines = read_bytes(file, 2**16).decode("utf-8", "replace").split("\n")
    return tuple(line.strip() for line in lines if line.strip())
