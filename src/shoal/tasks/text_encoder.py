"""Fitted preprocessing of text: a vocabulary, which makes rows of tokens the inputs of a network."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from shoal.tasks.tokens import FILLING, FIRST, UNKNOWN, TokenRows

LEAST_COUNT = 2
LONGEST_NAME = 100  # characters; what is longer is no word, and stays unknown


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """Rows of tokens to [rows, length] float32 of their numbers, 0 where a row has ended, 1 for unknown ones.

    columns: the columns whose text it is. names: the known tokens; names[i] has number 2 + i.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    length: int

    form: ClassVar[str] = "text"

    @classmethod
    def fit(cls, columns: tuple[str, ...], most: int, train: TokenRows) -> "TextEncoder":
        """From training rows: the ``most`` frequent tokens that stand there twice, by falling frequency.

        Those as frequent as each other are in the order of the alphabet.
        """
        counts = train.counts()
        order = np.argsort(-counts, kind="stable")[:most]
        names = [train.names[at] for at in order[counts[order] >= LEAST_COUNT]]
        short = tuple(name for name in names if len(name) <= LONGEST_NAME)
        return cls(columns, short, train.numbers.shape[1])

    def __call__(self, rows: TokenRows) -> Float32[ndarray, "rows length"]:
        own = {name: FIRST + place for place, name in enumerate(self.names)}
        numbers = [FILLING, UNKNOWN, *(own.get(name, UNKNOWN) for name in rows.names)]
        return np.array(numbers, dtype=np.float32).take(rows.numbers)

    def describe(self) -> tuple[dict[str, Any], dict[str, ndarray]]:
        return {"columns": list(self.columns), "length": self.length, "names": list(self.names)}, {}

    @classmethod
    def restore(cls, settings: dict[str, Any], arrays: dict[str, ndarray]) -> "TextEncoder":
        """The encoder that ``describe`` described."""
        return cls(tuple(settings["columns"]), tuple(settings["names"]), int(settings["length"]))
