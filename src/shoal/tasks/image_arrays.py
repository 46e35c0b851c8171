"""A task from images that are whole numbers from 0 to 255 in an array, as in data sets in one file."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Shaped, UInt8
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks import image_size as sizes
from shoal.tasks.image_files import as_numbers
from shoal.tasks.image_task import Targets, image_task, targets_of
from shoal.tasks.task import Task

_COLORS = (1, 3)


class Part(NamedTuple):
    """x: [rows, height, width], with a channel axis last or first or without one. y: labels."""

    x: Any
    y: Any


def are_images(x: Any) -> bool:
    """Whether an array is one of images: 8-bit, with height and width."""
    return x.dtype == np.uint8 and x.ndim in (3, 4)


def from_image_arrays(
    name: str,
    parts: Sequence[Part],
    test: Part | None = None,
    *,
    image_size: int | None = None,
    classes: tuple[str, ...] = (),
    notes: Sequence[str] = (),
) -> Task:
    """The task to predict the labels of 8-bit images. ``parts`` are joined, ``test`` is the official one.

    The images keep their size, unless ``image_size`` is given (see ``image_files.fitted``). classes: names
    of the labels 0, 1, ...
    Raises UserError for labels or sizes that do not fit, and for more than 2 GiB as float32.
    """
    sizes.check_size(image_size)
    all_parts = [*parts, *([] if test is None else [test])]
    x = [channels_first(part.x) for part in all_parts]
    for part, images in zip(all_parts, x, strict=True):
        if len(images) != len(part.y):
            raise UserError(f"there are {len(images)} images and {len(part.y)} labels; they must be as many")
        if images.shape[1:] != x[0].shape[1:]:
            raise UserError(
                f"images have shape {list(x[0].shape[1:])} and, in another part, {list(images.shape[1:])} "
                "(channels, height, width); they must be alike"
            )
    first_test = None if test is None else sum(map(len, x[:-1]))
    targets = targets_of(np.concatenate([np.asarray(part.y) for part in all_parts]), first_test)
    if classes and not targets.classes and len(classes) > int(targets.values.max()):
        targets = Targets(targets.values, classes[: int(targets.values.max()) + 1])
    size = x[0].shape[2:]
    size, resized = (size, ()) if image_size is None else sizes.choose([size], image_size)
    sizes.check_memory(name, sum(map(len, x)), x[0].shape[1], size)
    numbers = np.empty((sum(map(len, x)), x[0].shape[1], *size), dtype=np.float32)
    start = 0
    for images in x:
        numbers[start : start + len(images)] = in_unit(images, size)
        start += len(images)
    return image_task(name, numbers, targets, first_test=first_test, notes=(*resized, *notes))


def channels_first(x: Shaped[ndarray, "rows ..."]) -> UInt8[ndarray, "rows channels height width"]:
    """The images with the channel axis second: it was last if that has 1 or 3 entries, or there was none.

    Raises UserError for what are no 8-bit images.
    """
    if not are_images(x) or 0 in x.shape:
        raise UserError(
            f"images have shape {list(x.shape)} ({x.dtype}); 8-bit ones (uint8, 0 to 255) in shape [rows, "
            "height, width], [rows, height, width, 3] or [rows, 3, height, width] are needed"
        )
    if x.ndim == 3:
        return x[:, None]
    return x.transpose(0, 3, 1, 2) if x.shape[3] in _COLORS else x


def in_unit(
    x: UInt8[ndarray, "rows channels height width"], size: sizes.Size, channels: int | None = None
) -> Float32[ndarray, "rows channels height width"]:
    """8-bit images as numbers in [0, 1], at another size and as gray (1) or color (3) if asked for."""
    channels = x.shape[1] if channels is None else channels
    if x.shape[1:] == (channels, *size):
        return x.astype(np.float32) / np.float32(255)
    if x.shape[1] not in _COLORS or channels not in _COLORS:
        raise UserError(
            f"images of {x.shape[1]} channels and {sizes.words(x.shape[2:])} pixels cannot become "
            f"{channels} channels and {sizes.words(size)}; only gray and color ones are converted"
        )
    from PIL import Image

    made = np.empty((len(x), channels, *size), dtype=np.float32)
    for row, one in enumerate(x):
        image = Image.fromarray(one[0] if len(one) == 1 else np.ascontiguousarray(one.transpose(1, 2, 0)))
        made[row] = as_numbers(image, channels, *size)
    return made
