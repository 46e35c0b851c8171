"""Checkpoints: tensors and a JSON value in one safetensors file, written whole, checked when read.

The file's SHA-256, taken with 64 zeros in its own place, stands in the header: a torn or altered file
is told from a good one whatever byte is wrong. Other programs read it as ordinary safetensors. No pickle.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from shoal.errors import UserError
from shoal.store.atomic import write_bytes
from shoal.store.canonical import canonical_json

MOST_BYTES = 16 * 2**30
"""A checkpoint larger than this is neither written nor read, unless the caller names another maximum."""

_LENGTH = 8  # bytes of the little-endian header length every safetensors file begins with
_MOST_HEADER = 100 * 2**20
_FIELD, _ZEROS = b'"sha256":"', b"0" * 64


class Checkpoint(NamedTuple):
    """tensors by name, on the CPU; meta as it was given, through JSON (tuples are lists)."""

    tensors: dict[str, Tensor]
    meta: Any


class DamagedCheckpointError(UserError):
    """A checkpoint is there and not to be trusted: torn, altered, or not a checkpoint."""


def save(path: Path, tensors: Mapping[str, Tensor], meta: Any, maximum: int = MOST_BYTES) -> None:
    """Write ``path`` anew: after a kill at any instant it holds the old checkpoint or this one.

    tensors: any shapes, dtypes and devices; shared memory and gradients are not kept. meta: JSON.
    UserError if it is larger than ``maximum`` bytes, or if the disk refuses.
    """
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if size > maximum:
        raise UserError(f"the checkpoint {path} would take {size:,} bytes, more than {maximum:,}")
    copies = {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    metadata = {"sha256": _ZEROS.decode(), "meta": canonical_json(meta)}
    data = bytearray(safetensors.torch.save(copies, metadata))
    data[_place(data)] = hashlib.sha256(data).hexdigest().encode()
    write_bytes(path, bytes(data))


def load(path: Path, maximum: int = MOST_BYTES) -> Checkpoint | None:
    """Read a checkpoint; None where there is no file.

    DamagedCheckpointError (a UserError) if it is torn, altered or no checkpoint, so that the caller can
    choose to begin that part anew; UserError if it is larger than ``maximum`` bytes, or unreadable.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > maximum:
                raise UserError(f"the checkpoint {path} has {size:,} bytes, more than {maximum:,}")
            header = _header(file.read(_LENGTH), size, path)
            data = bytearray(size)
            file.seek(0)
            if file.readinto(data) != size:
                raise DamagedCheckpointError(f"the checkpoint {path} is torn")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"the checkpoint {path} cannot be read ({error.strerror})") from error
    return _verified(data, header, path)


def _header(start: bytes, size: int, path: Path) -> slice:
    """Where the header's JSON stands, from the file's first bytes and its size, before more is read."""
    length = int.from_bytes(start, "little")
    if len(start) < _LENGTH or not 2 <= length <= min(size - _LENGTH, _MOST_HEADER):
        raise DamagedCheckpointError(f"the checkpoint {path} is torn, or no safetensors file")
    return slice(_LENGTH, _LENGTH + length)


def _place(data: bytearray, stop: int | None = None) -> slice:
    """Where the 64 digits of the checksum stand. Inside meta, quotes are escaped, so it is the only place."""
    start = data.find(_FIELD, 0, stop)
    if start < 0:
        raise ValueError("no checksum in the header")
    start += len(_FIELD)
    return slice(start, start + len(_ZEROS))


def _verified(data: bytearray, header: slice, path: Path) -> Checkpoint:
    try:
        place = _place(data, header.stop)
        stated = bytes(data[place])
        data[place] = _ZEROS
        if hashlib.sha256(data).hexdigest().encode() != stated:
            raise ValueError("the checksum differs")
        tensors = safetensors.torch.load(bytes(data))
        meta = json.loads(json.loads(bytes(data[header]))["__metadata__"]["meta"])
    except (ValueError, KeyError, safetensors.SafetensorError) as error:
        raise DamagedCheckpointError(f"the checkpoint {path} is torn or was altered ({error})") from error
    return Checkpoint(tensors, meta)
