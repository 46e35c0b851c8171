"""Reading .npz files that may be anything, and writing them whole or not at all."""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy import ndarray

from shoal.errors import UserError

MOST_BYTES = 8 * 2**30


def read_npz(file: Path, names: Sequence[str], most_bytes: int = MOST_BYTES) -> dict[str, ndarray]:
    """The arrays ``names`` of ``file``. Nothing is decompressed or unpickled before its size is known.

    Raises UserError if the file is missing, no .npz, lacks an array, holds Python objects, does not keep
    the sizes it states, or would unpack to more than ``most_bytes``.
    """
    with _opened(file) as archive:
        held = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
        missing = [name for name in names if name not in held]
        if missing:
            raise UserError(
                f"{file} has no array {missing[0]!r}; it needs {' and '.join(names)}, "
                f"and has {', '.join(sorted(held)) or 'nothing'}"
            )
        size = sum(held[name].file_size for name in names)
        if size > most_bytes:
            raise UserError(f"{file} would unpack to {size:,} bytes; at most {most_bytes:,} are read")
        return {name: _read_array(archive, held[name], file) for name in names}


def names_in(file: Path) -> tuple[str, ...]:
    """The names of the arrays in ``file``, none of which is read. Raises UserError if it is no .npz."""
    with _opened(file) as archive:
        return tuple(one.removesuffix(".npy") for one in archive.namelist())


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; what is wrong with it becomes a sentence."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError:
        raise UserError(f"there is no file {file}") from None
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{file} cannot be read as .npz: {error}") from None


def write_npz(file: Path, **arrays: ndarray) -> None:
    """Write ``arrays`` by atomic rename, so that a reader sees all of the file or none of it.

    A cache that cannot be written costs time, not results: then nothing is written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            try:
                np.savez(part, **arrays)  # type: ignore[arg-type]
                part.close()
                os.replace(part.name, file)
            except BaseException:
                os.unlink(part.name)
                raise
    except OSError:
        return


def cache_folder() -> Path:
    """The user's cache folder for shoal: below XDG_CACHE_HOME if that is set, else below ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shoal"


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: Path) -> ndarray:
    with archive.open(entry) as stream:
        shape, _, dtype = _header(stream)
        if dtype.hasobject:
            raise UserError(f"{file} holds Python objects in {entry.filename}; only plain numbers are read")
        stated = prod(shape) * dtype.itemsize
        if stated != entry.file_size - stream.tell():
            raise UserError(
                f"{file}: {entry.filename} states {stated:,} bytes of data and does not have them"
            )
        stream.seek(0)
        return np.lib.format.read_array(stream, allow_pickle=False)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    major = np.lib.format.read_magic(stream)
    if major == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)
