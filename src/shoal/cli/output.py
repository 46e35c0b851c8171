"""Files that a command writes for the user: found to be writable before the work, written whole or not."""

import os
from collections.abc import Callable
from pathlib import Path

from shoal.errors import UserError


def check_writable(option: str, file: str | None) -> None:
    """Raises UserError, before anything is done, if ``file`` (unless None or "-") cannot be written."""
    if file in (None, "-"):
        return
    path = Path(file)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UserError(
            f"{option} {file} cannot be written; name a file in a folder that exists, or - for stdout"
        )


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """``write(path)`` to a file beside ``file``, which then takes its place."""
    partial = file.with_name(f".{file.name}.partial{file.suffix}")
    try:
        write(partial)
        partial.replace(file)
    except OSError as error:
        raise UserError(f"{file} cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
