"""IDX files, the format of MNIST and its kin (Fashion-MNIST, EMNIST, KMNIST): images and labels in two files.

Two zero bytes, the type (8: unsigned bytes), the number of axes, the length of each axis as 4 bytes with the
highest first, then the numbers. LeCun, Cortes & Burges 1998, The MNIST database of handwritten digits.
"""

import math
import re
import struct
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.bounded import MOST_BYTES, read_bytes
from shoal.tasks.image_arrays import Part, from_image_arrays
from shoal.tasks.task import Task

_IMAGES = re.compile(r"(?P<set>.*?)images(?P<mark>[-._]?)idx3(?P<end>[-.]ubyte(\.gz)?)$")
_TESTS = ("t10k", "test")


def is_images(name: str) -> bool:
    """Whether a file is one of IDX images by its name: train-images-idx3-ubyte, also with .gz."""
    return _IMAGES.fullmatch(name) is not None


def from_idx(path: Path, *, image_size: int | None = None) -> Task:
    """The task of IDX files. path: the images' file, or a folder with one of training images.

    Labels are found beside the images by the name (labels-idx1 in place of images-idx3), and so is the
    official test part (t10k or test in place of train). Raises UserError for files that are missing, damaged,
    or not what their names say.
    """
    images = path if path.is_file() else _training_images(path)
    test = _test_images(images)
    return from_image_arrays(
        images.parent.resolve().name if images != path else _set_of(images),
        [_part(images)],
        None if test is None else _part(test),
        image_size=image_size,
    )


def read_idx(file: Path, axes: int, most_bytes: int = MOST_BYTES) -> UInt8[ndarray, "..."]:
    """The bytes of an IDX file with so many axes. Raises UserError for anything else."""
    data = read_bytes(file, most_bytes)
    magic = data[:4]
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2:] != bytes([8, axes]):
        raise UserError(
            f"{file} begins with {magic.hex(' ')}, and an IDX file of bytes in {axes} axes with 00 00 08 "
            f"{axes:02x}; name the right file, or fetch it again"
        )
    head = 4 + 4 * axes
    if len(data) < head:
        raise UserError(f"{file} ends within its header; fetch it again")
    shape = struct.unpack(f">{axes}I", data[4:head])
    if math.prod(shape) != len(data) - head:
        raise UserError(
            f"{file} states {' × '.join(map(str, shape))} bytes and has {len(data) - head:,}; fetch it again"
        )
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


def _part(images: Path) -> Part:
    name = _IMAGES.sub(r"\g<set>labels\g<mark>idx1\g<end>", images.name)
    labels = _beside(images, name)
    if labels is None:
        raise UserError(
            f"there are no labels beside {images}; put {name} into the same folder, packed as .gz or not"
        )
    return Part(read_idx(images, 3), read_idx(labels, 1))


def _training_images(folder: Path) -> Path:
    """The only file of training images in ``folder``; else UserError."""
    found = sorted(one for one in folder.iterdir() if is_images(one.name))
    kept = [one for one in found if not _is_test(one)] or found
    plain = [one for one in kept if one.suffix != ".gz" or one.with_suffix("") not in kept]
    if len(plain) != 1:
        names = ", ".join(one.name for one in plain) or "none"
        raise UserError(f"{folder} holds several sets of IDX images ({names}); name one of them as the task")
    return plain[0]


def _test_images(images: Path) -> Path | None:
    if "train" not in images.name:
        return None
    beside = (_beside(images, images.name.replace("train", word)) for word in _TESTS)
    return next((one for one in beside if one is not None), None)


def _is_test(images: Path) -> bool:
    return any(word in images.name for word in _TESTS)


def _beside(file: Path, name: str) -> Path | None:
    """The file of that name beside ``file``, packed or not."""
    plain = name.removesuffix(".gz")
    return next(
        (one for one in (file.with_name(plain), file.with_name(f"{plain}.gz")) if one.is_file()), None
    )


def _set_of(images: Path) -> str:
    return images.name.partition("images")[0].strip("-._").removesuffix("train").strip("-._") or "idx"
