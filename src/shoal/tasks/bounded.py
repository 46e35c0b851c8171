"""Files of numbers, gzip too, read whole and never beyond a bound."""

import gzip
import zlib
from pathlib import Path

from shoal.errors import UserError

MOST_BYTES = 2 * 2**30


def read_bytes(file: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """What ``file`` holds, unpacked if its name ends in .gz.

    Raises UserError if it is missing, damaged, or more than ``most_bytes``, of which no more are unpacked.
    """
    try:
        with gzip.open(file) if file.suffix == ".gz" else open(file, "rb") as stream:
            data = stream.read(most_bytes + 1)
    except FileNotFoundError:
        raise UserError(f"there is no file {file}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{file} cannot be read ({' '.join(str(error).split())}); fetch it again") from None
    if len(data) > most_bytes:
        raise UserError(
            f"{file} holds more than {most_bytes:,} bytes, which is the most that is read; split it"
        )
    return data
