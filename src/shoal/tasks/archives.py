"""A task from an .npz file: arrays x and y, or the names that Keras and MedMNIST give to them."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shoal.errors import UserError
from shoal.tasks.arrays import from_arrays
from shoal.tasks.image_arrays import Part, are_images, from_image_arrays
from shoal.tasks.npz import names_in, read_npz
from shoal.tasks.task import Task

Names = tuple[str, str]


class Layout(NamedTuple):
    """What inputs and targets are called in each part; of ``valid``, the first pair that is there."""

    train: Names
    valid: tuple[Names, ...] = ()
    test: Names | None = None


LAYOUTS = (
    Layout(("x", "y")),
    Layout(("x_train", "y_train"), (("x_val", "y_val"), ("x_valid", "y_valid")), ("x_test", "y_test")),
    Layout(("train_images", "train_labels"), (("val_images", "val_labels"),), ("test_images", "test_labels")),
)
INPUTS = ("x", "x_test", "test_images")
"""What an array of new rows may be called; the first that is there counts."""
_JOINED = "the validation part is joined with the training part; each seed draws its own"


class _Parts(NamedTuple):
    train: list[Part]
    test: Part | None


def from_npz(file: Path | str, *, test: Path | str | None = None, image_size: int | None = None) -> Task:
    """The task of an .npz file with arrays x and y, or x_train, y_train, x_test, y_test, or train_images,
    train_labels, test_images, test_labels; a validation part joins the training part.

    Inputs of 8-bit numbers with height and width are images (see ``from_image_arrays``), which may be brought
    to ``image_size``; all else is taken as it is (see ``from_arrays``). test: another such file, whose test
    part, or whole if it has none, is the official test part. Raises UserError for a file without such arrays.
    """
    file = Path(file)
    train, official = _parts(file)
    if test is not None:
        if official is not None:
            raise UserError(f"{file} has a test part of its own, so it takes no other")
        other = _parts(Path(test).expanduser())
        official = other.test or other.train[0]
    notes = (_JOINED,) if len(train) > 1 else ()
    try:
        if are_images(train[0].x):
            return from_image_arrays(file.stem, train, official, image_size=image_size, notes=notes)
        if image_size is not None:
            raise UserError(
                "its inputs are no 8-bit images and are taken as they are, so there is no image_size"
            )
        x, y = (np.concatenate(some) for some in zip(*train, strict=True))
        made = from_arrays(x, y, name=file.stem, test=None if official is None else tuple(official))
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    return replace(made, notes=(*notes, *made.notes))


def _parts(file: Path) -> _Parts:
    """What is trained on (with what validates) and the official test part of a file."""
    there = names_in(file)
    layout = next((one for one in LAYOUTS if set(one.train) <= set(there)), None)
    if layout is None:
        known = ", or ".join(" and ".join(one.train) for one in LAYOUTS)
        raise UserError(f"{file} needs arrays {known}; it has {', '.join(sorted(there)) or 'nothing'}")
    valid = next((names for names in layout.valid if set(names) <= set(there)), None)
    test = layout.test if layout.test and set(layout.test) <= set(there) else None
    pairs = [names for names in (layout.train, valid, test) if names is not None]
    arrays = read_npz(file, [name for names in pairs for name in names])
    parts = [Part(arrays[x], arrays[y] if layout is LAYOUTS[0] else _flat(arrays[y])) for x, y in pairs]
    return _Parts(parts if test is None else parts[:-1], None if test is None else parts[-1])


def new_inputs(file: Path, names: Collection[str] = INPUTS) -> tuple[str, np.ndarray]:
    """The array of new rows in a file, and its name. Raises UserError if it has none."""
    there = names_in(file)
    name = next((one for one in names if one in there), "x")
    return name, read_npz(file, (name,))[name]


def _flat(y: np.ndarray) -> np.ndarray:
    """[rows] instead of [rows, 1], in which MedMNIST has its labels."""
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
