"""Folders of text files (.txt), and the files as text or one sentence about why one cannot be read."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from shoal.errors import UserError

ENDING = ".txt"
TRAIN, TEST = "train", "test"  # folders of the folders of classes
MOST_BYTES = 16 * 2**20  # of a file
MOST_BYTES_TOGETHER = 512 * 2**20


def is_text_folder(path: Path | str) -> bool:
    """Whether this is a folder whose files, or those of the folders in it, are texts: most end in .txt."""
    root = Path(path)
    if not root.is_dir():
        return False
    homes = [*folders_in(root), *(inner for part in (TRAIN, TEST) for inner in folders_in(root / part))]
    files = [one.name for home in (homes or [root]) for one in os.scandir(home) if one.is_file()]
    return 2 * sum(name.endswith(ENDING) for name in files) > len(files)


def folders_in(root: Path) -> list[Path]:
    """The folders in a folder, by name, without hidden ones; none if there is no such folder."""
    if not root.is_dir():
        return []
    return sorted(one for one in root.iterdir() if one.is_dir() and one.name[0] != ".")


def files_in(folder: Path) -> list[Path]:
    """The text files of a folder, not of folders in it, by name; without hidden ones."""
    return sorted(
        one for one in folder.iterdir() if one.suffix == ENDING and one.name[0] != "." and one.is_file()
    )


def read_files(files: Sequence[Path]) -> Iterator[str]:
    """The text of each file, in order.

    Raises UserError for a file that is larger than 16 MiB, cannot be read or is not UTF-8, and for files of
    more than 512 MiB together.
    """
    together = 0
    for file in files:
        try:
            size = file.stat().st_size
            together += size
            if size > MOST_BYTES:
                raise UserError(f"{file} has {size:,} bytes; texts of at most {MOST_BYTES:,} are read")
            if together > MOST_BYTES_TOGETHER:
                raise UserError(
                    f"the texts up to {file} have {together:,} bytes together; at most "
                    f"{MOST_BYTES_TOGETHER:,} are read, so give fewer or shorter ones"
                )
            yield _decoded(file, file.read_bytes())
        except OSError as error:
            raise UserError(f"{file} cannot be read: {error.strerror or error}") from None


def _decoded(file: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{file} is not UTF-8 text (byte 0x{content[error.start]:02x} at position {error.start}); "
            "convert it, for example with iconv -f LATIN1 -t UTF-8"
        ) from None
