"""MNIST-1D: ten digits as signals of 40 samples, shifted, sheared and noisy (Greydanus & Kobak 2020,
arXiv:2011.14439; generator: the package mnist1d).

Generated on this machine, never downloaded. Generating takes about a second and imports matplotlib, so the
arrays are kept in the user's cache folder, by package version and arguments.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.npz import cache_folder, read_npz, write_npz
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import split
from shoal.tasks.task import Task

SUMMARY = "ten digits as noisy signals of 40 samples, 5,000 rows, 10 classes"
SAMPLES = 40
CLASSES = 10


def task() -> Task:
    """The published data: 4,000 rows, of which 20 % validate, and the official 1,000 test rows."""
    return mnist1d_task()


def mnist1d_task(rows: int = 5000, train_share: float = 0.8, valid_share: float = 0.2) -> Task:
    """MNIST-1D with ``rows`` rows, the first ``train_share`` of them not for testing, as its authors split.

    ``valid_share`` of those validate. The authors' width sweep is ``mnist1d_task(16_000, 0.25, 0.0)``:
    4,000 rows train, 12,000 test, none validate. Raises UserError unless ``rows`` is a multiple of 10.
    """
    if rows < CLASSES or rows % CLASSES:
        raise UserError(f"mnist1d with {rows} rows cannot be made: give a multiple of {CLASSES}")
    if not 0 < train_share < 1:
        raise UserError(f"the train share of mnist1d is {train_share:g}; it must lie between 0 and 1")
    signals, labels = _signals(rows)
    parts = split(rows, labels, test=np.arange(int(rows * train_share), rows), valid_share=valid_share)
    x = torch.from_numpy(signals)
    return Task(
        name="mnist1d",
        kind="classification",
        metric="accuracy",
        features=(SAMPLES,),
        outputs=CLASSES,
        train_rows=parts.train_rows,
        prepare=Preparation(parts, x, torch.from_numpy(labels)),
        fingerprint=fingerprint((x, labels, parts.test, parts.valid_share)),
    )


def _signals(rows: int) -> tuple[ndarray, ndarray]:
    """[rows, 40] float32 signals and [rows] int64 labels, from the cache or made anew."""
    file = cache_folder() / f"mnist1d-{version('mnist1d')}-{rows}.npz"
    try:
        kept = _read(file, rows)
    except UserError:  # missing, torn or of another shape: the generator is the truth, the file a copy
        signals, labels = _generate(rows)
        write_npz(file, x=signals, y=labels)
        return signals, labels
    return kept


def _read(file: Path, rows: int) -> tuple[ndarray, ndarray]:
    arrays = read_npz(file, ("x", "y"), most_bytes=rows * (4 * SAMPLES + 8) + 4096)
    x, y = arrays["x"], arrays["y"]
    if (x.shape, x.dtype.name, y.shape, y.dtype.name) != ((rows, SAMPLES), "float32", (rows,), "int64"):
        raise UserError(f"{file} does not hold mnist1d with {rows} rows")
    return x, y


def _generate(rows: int) -> tuple[ndarray, ndarray]:
    from mnist1d.data import get_dataset_args, make_dataset

    arguments = get_dataset_args()
    arguments.num_samples = rows
    with _global_randomness_kept():
        made = make_dataset(arguments)
    signals = np.concatenate([made["x"], made["x_test"]]).astype(np.float32)
    return signals, np.concatenate([made["y"], made["y_test"]]).astype(np.int64)


@contextmanager
def _global_randomness_kept() -> Iterator[None]:
    """The generator seeds the global generators; the caller's must not notice."""
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        torch.set_rng_state(kept[2])
