"""A task from a folder of images: PNG, JPEG or WebP, a subfolder for each class."""

import os
import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks import image_size as sizes
from shoal.tasks.image_files import Look, look, pixels
from shoal.tasks.image_folder import VALID, Labeled, labeled_images, parts_of
from shoal.tasks.image_task import Targets, image_task
from shoal.tasks.task import Task

T = TypeVar("T")
Told = Callable[[str], None]
"""Is told in words how far the reading is."""
TOLD_EVERY = 0.5
"""Seconds."""


class Decoded(NamedTuple):
    """x: in [0, 1], gray or red, green and blue. notes: what was done to them, a sentence each."""

    x: Float32[ndarray, "rows channels height width"]
    notes: tuple[str, ...]


def from_image_folder(
    folder: Path,
    *,
    image_size: int | None = None,
    group: str | None = None,
    test: Path | str | None = None,
    on_progress: Told | None = None,
) -> Task:
    """The task to tell the class of an image, the name of the subfolder that it lies in.

    folder: holds the class folders, or train/ and test/ (and val/, which is joined with train/) with class
    folders each; test: another folder as the official test part. Without one, 20 % of the images.
    image_size: pixels a side; without it the images' own size if all are equal and no side is longer than 32,
    else 32. Other sizes are resized with their aspect kept: shorter side to size, then the middle of the
    longer one. Gray if all images are gray, else color. group: a regular expression, searched in the file
    names; images with the same first group of it (or match, if it has none) stay on one side of every split.
    Each image is decoded once, for all networks, into one float32 tensor of at most 2 GiB.
    Raises UserError, naming the file and the way out, for what cannot be read (see ``image_files``).
    """
    sizes.check_size(image_size)
    found = labeled_images(folder, None if test is None else Path(test).expanduser())
    groups = None if group is None else _groups(found, group)
    made = decode(found.files, image_size, folder, on_progress)
    notes = list(made.notes)
    if any(part in VALID for part in parts_of(folder)):
        notes.append("the images of the validation folder are joined with train; each seed draws its own")
    return image_task(
        folder.resolve().name,
        made.x,
        Targets(torch.tensor(found.labels), found.classes),
        first_test=found.first_test,
        groups=groups,
        notes=notes,
    )


def decode(
    files: Sequence[Path], image_size: int | None, where: object, on_progress: Told | None = None
) -> Decoded:
    """All images at one size; their headers first, so that nothing is decoded if they are too many."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own on large images, which ``look`` refuses
        looks = [look(file) for file in _told(files, len(files), "looked at", on_progress)]
    size, notes = sizes.choose({(one.height, one.width) for one in looks}, image_size)
    channels = 1 if all(one.gray for one in looks) else 3
    sizes.check_memory(where, len(files), channels, size)
    x = decode_into(files, channels, size, on_progress)
    if channels == 3 and all((part[:, :1] == part[:, 1:]).all() for part in np.array_split(x, 64)):
        x = np.ascontiguousarray(x[:, :1])
        notes = (*notes, "all images are gray, though some are stored in color; one channel is kept")
    return Decoded(x, (*notes, *_strange(looks)))


def decode_into(
    files: Sequence[Path], channels: int, size: sizes.Size, on_progress: Told | None = None
) -> Float32[ndarray, "rows channels height width"]:
    """Each image decoded once, by a pool of threads (Pillow decodes without Python's lock)."""
    x = np.empty((len(files), channels, *size), dtype=np.float32)
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        made = pool.map(lambda file: pixels(file, channels, *size), files)
        for row, one in enumerate(_told(made, len(files), "decoded", on_progress)):
            x[row] = one
    finally:
        pool.shutdown(cancel_futures=True)
    return x


def _told(things: Iterable[T], count: int, done: str, on_progress: Told | None) -> Iterator[T]:
    """``things``, telling every half second how many of ``count`` were taken."""
    heard = time.monotonic()
    for number, one in enumerate(things):
        if on_progress is not None and time.monotonic() - heard > TOLD_EVERY:
            on_progress(f"{number:,} of {count:,} images {done}")
            heard = time.monotonic()
        yield one


def _groups(found: Labeled, pattern: str) -> Int64[ndarray, "rows"]:
    """The group of each image, numbered. Raises UserError for a file that does not match."""
    try:
        searched = re.compile(pattern)
    except re.error as error:
        raise UserError(
            f"group {pattern!r} is no regular expression ({error}); for p12_3.png write for example "
            r"'^(p\d+)_'"
        ) from None
    names = []
    for file in found.files:
        match = searched.search(file.name)
        name = match and match.group(1 if searched.groups else 0)
        if not name:
            raise UserError(
                f"group '{pattern}' does not match the file name of {file}; every image needs a group, so "
                "rename it or widen the expression"
            )
        names.append(name)
    return np.unique(names, return_inverse=True)[1]


def _strange(looks: Sequence[Look]) -> list[str]:
    animated, transparent = sum(one.animated for one in looks), sum(one.transparent for one in looks)
    notes = []
    if animated:
        notes.append(f"animated: {animated} of the images, of which the first picture is taken")
    if transparent:
        notes.append(f"transparency: {transparent} of the images may be so in parts, which became white")
    return notes
