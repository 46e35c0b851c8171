"""Files that are there whole or not at all.

Written to a temporary file beside the target, synced, renamed over it, and the folder synced: whenever the
process or the machine dies, the target holds either its old bytes or its new ones.
"""

import os
from contextlib import suppress
from pathlib import Path

from shoal.errors import UserError


def write_bytes(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``. One writer a path; UserError if the disk or folder refuses.

    A kill may leave ``.<name>.partial`` behind; the next write of the same path overwrites it.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # the reason for the error may forbid this as well
            partial.unlink()
        raise UserError(
            f"{path} cannot be written ({error.strerror}); make room or choose another folder with --out"
        ) from error


def write_text(path: Path, text: str) -> None:
    """``write_bytes`` of the text in UTF-8."""
    write_bytes(path, text.encode())


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in ``folder`` survive a power failure (where the system can)."""
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
