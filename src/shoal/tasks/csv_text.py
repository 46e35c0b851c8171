"""A .csv or .tsv file, also .gz, as a polars frame of text cells, or one sentence about why it cannot be."""

import csv
import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from shoal.errors import UserError

if TYPE_CHECKING:
    import polars as pl

MOST_BYTES = 512 * 2**20
SEPARATORS = (",", ";", "\t")


def read_text(file: Path) -> "pl.DataFrame":
    """Every cell of ``file`` as stripped text, missing ones null; columns named by the header line.

    Separated by tabs in .tsv, else by comma, semicolon or tab, whichever the header line holds most of. At
    most 512 MiB of text, checked before reading (for .gz: while unpacking). Raises UserError if the file is
    missing, empty, larger, not UTF-8 text, not a table, or has no header line.
    """
    import polars as pl

    content = _content(file)
    header = content[: content.find(b"\n") + 1 or None].decode()
    separator = "\t" if file.name.endswith((".tsv", ".tsv.gz")) else max(SEPARATORS, key=header.count)
    names = _names(file, header, separator)
    try:
        frame = pl.read_csv(content, separator=separator, infer_schema=False, new_columns=names)
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{file} is not a table in CSV: {str(error).splitlines()[0]}") from None
    if frame.height == 0:
        raise UserError(f"{file} has a header line and no rows")
    return frame.with_columns(pl.all().str.strip_chars())


def _content(file: Path) -> bytes:
    """The file's text as UTF-8, without byte order mark."""
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise UserError(f"{file} has {size:,} bytes; tables of at most {MOST_BYTES:,} are read")
        if file.suffix == ".gz":
            with gzip.open(file) as stream:
                content = stream.read(MOST_BYTES + 1)
        else:
            content = file.read_bytes()
    except FileNotFoundError:
        raise UserError(f"there is no file {file}") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{file} cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise UserError(f"{file} unpacks to more than {MOST_BYTES:,} bytes; smaller tables are read")
    if not content.strip():
        raise UserError(f"{file} is empty")
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    try:
        if b"\0" in content:
            raise UserError(f"{file} is not what its ending says: it holds binary data, not text")
        content.decode()
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise UserError(
            f"{file} is not UTF-8 text (byte 0x{byte:02x} at position {error.start}); save it as CSV in "
            "UTF-8, or convert it, for example with iconv -f LATIN1 -t UTF-8"
        ) from None
    return content


def _names(file: Path, header: str, separator: str) -> list[str]:
    try:
        names = [name.strip() for name in next(csv.reader([header], delimiter=separator))]
    except csv.Error as error:
        raise UserError(f"{file} is not a table in CSV: its first line cannot be read ({error})") from None
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{file} has {names.count(name)} columns called {name!r}; give each its own name")
    if all(_is_number(name) for name in names):
        raise UserError(f"the first line of {file} is all numbers; write the columns' names there")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
