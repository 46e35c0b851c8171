"""Characters of a plain text as numbers: reading the file, and what new texts are encoded with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32, Int64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.text_files import read_files
from shoal.tasks.tokens import FIRST, UNKNOWN

MOST_CHARACTERS = 1_000
"""Different ones that a network tells apart; rarer ones are one symbol."""


@dataclass(frozen=True)
class Characters:
    """Texts to windows of character numbers; names[i] has number 2 + i, all others 1 (0 is no character)."""

    names: str
    length: int

    form: ClassVar[str] = "characters"

    @classmethod
    def fit(cls, text: str, length: int) -> "Characters":
        """The most frequent characters of ``text``, at most a thousand, in the order of their code points."""
        points, counts = np.unique(_points(text), return_counts=True)
        kept = np.sort(points[np.argsort(-counts, kind="stable")[:MOST_CHARACTERS]])
        return cls("".join(map(chr, kept.tolist())), length)

    @property
    def vocabulary(self) -> int:
        """How many numbers there are, those of no and of other characters included."""
        return FIRST + len(self.names)

    @property
    def classes(self) -> tuple[str, ...]:
        """What each number stands for: the first two are words, and what cannot be printed is escaped."""
        printed = (name if name.isprintable() else repr(name)[1:-1] for name in self.names)
        return ("(none)", "(other)", *printed)

    def numbers(self, text: str) -> Int64[ndarray, "characters"]:
        """The number of each character."""
        known, points = _points(self.names), _points(text)
        place = np.searchsorted(known, points).clip(max=len(known) - 1)
        return np.where(known[place] == points, FIRST + place, UNKNOWN).astype(np.int64)

    def __call__(self, text: str) -> Float32[ndarray, "1 length"]:
        """The last ``length`` characters as the one row whose last place predicts what follows the text."""
        return self.numbers(text[-self.length :])[None].astype(np.float32)

    def describe(self) -> tuple[dict[str, Any], dict[str, ndarray]]:
        """Settings for JSON; there are no arrays."""
        return {"names": self.names, "length": self.length}, {}

    @classmethod
    def restore(cls, settings: dict[str, Any], arrays: dict[str, ndarray]) -> "Characters":
        """The encoder that ``describe`` described."""
        return cls(str(settings["names"]), int(settings["length"]))


def read(file: Path) -> str:
    """The text of a file. Raises UserError, one sentence, for what is no such text (see ``read_files``)."""
    (text,) = read_files([file])
    if not text.strip():
        raise UserError(f"{file} is empty")
    if "\0" in text:
        raise UserError(f"{file} holds characters of number 0, which no text has; is it a binary file?")
    return text


def to_continue(rows: Any, length: int) -> str:
    """The text in the file ``rows``, for a network of windows of ``length``. Raises UserError if shorter."""
    if not isinstance(rows, str | Path):
        raise UserError(f"the path of a plain text is needed, not {type(rows).__name__}")
    text = read(Path(rows).expanduser())
    if len(text) < length:
        raise UserError(
            f"{rows} has {len(text)} characters, fewer than the {length} that the network predicts from"
        )
    return text


def _points(text: str) -> Int64[ndarray, "characters"]:
    """Code points."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
