"""A plain text as a task of predicting the next character: ``shoal compare input.txt``.

The last tenth of the text is the test part; the rest is divided by seed into blocks that train and blocks
that validate, so that no character is predicted in two parts. A row is a window of ``length`` characters, its
target at every place the character that follows.

- Training windows follow each other: an epoch predicts every character once, from those before it in its
  window.
- Judged windows overlap by half, and of each only the second half counts (of a part's or block's first
  window all of it): every character of the test part but the first is predicted exactly once, and all but the
  first window's from at least half a window. So bits per character are those of the text, as a model with
  this window would need to store it.
- Validation takes a tenth of the blocks, but at most about 32,000 characters.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Int64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.characters import Characters, read
from shoal.tasks.encoders import Encoder
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import divide
from shoal.tasks.task import Task
from shoal.tasks.tokens import UNKNOWN

NOT_JUDGED = -1
"""The target of a place that does not count."""
LENGTH = 64
BATCH_SIZE = 32
_LONGEST = 4096
_TEST_SHARE, _VALID_SHARE = 0.1, 0.1
_BLOCK = 16  # windows of a block, of which a text has at least ten
_FEWEST_BLOCKS = 10
_MOST_VALID = 32_768  # characters


def from_text_file(file: Path, length: int | None = None) -> Task:
    """The task of predicting each next character of ``file``, plain text in UTF-8, from those before it.

    length: characters of a window, 64 if None. Raises UserError for a file that is missing, too large, empty,
    no UTF-8 or too short for its windows, and for a length that is no whole number from 2 to 4,096.
    """
    length = LENGTH if length is None else length
    if isinstance(length, bool) or not isinstance(length, int) or not 2 <= length <= _LONGEST:
        raise UserError(f"length {length!r} is no whole number of characters from 2 to {_LONGEST:,}")
    text = read(file)
    rest = len(text) - round(_TEST_SHARE * len(text))
    windows = (rest - 1) // length
    if windows < _FEWEST_BLOCKS or len(text) - rest <= length:
        raise UserError(
            f"{file} has {len(text):,} characters, too few to train, validate and test on windows of "
            f"{length}: give at least {12 * (length + 1):,}, or a smaller length"
        )
    known = Characters.fit(text[:rest], length)
    ids = known.numbers(text)
    rows = _rows(ids, rest, length, windows)
    unknown = int((ids[rest:] == UNKNOWN).sum())
    notes = [
        f"next-character prediction, because {file.name} is plain text: {len(text):,} characters, "
        f"{len(known.names)} different ones; the last tenth is the test part"
    ]
    if unknown:
        notes.append(
            f"{unknown:,} characters of the test part are of a kind that the rest has not: all are one symbol"
        )
    return Task(
        name=file.stem,
        kind="language",
        metric="bits_per_character",
        features=(length,),
        outputs=known.vocabulary,
        train_rows=rows.split.train_rows,
        prepare=_Preparation(rows.split, rows.x, rows.y, classes=known.classes, characters=known),
        fingerprint=fingerprint([ids, length]),
        notes=tuple(notes),
        batch_size=min(BATCH_SIZE, rows.split.train_rows),
        vocabulary=known.vocabulary,
    )


@dataclass(frozen=True)
class Blocks:
    """Which rows train, validate and test; fulfils ``shoal.tasks.splits.Rows``.

    Rows 0 to ``windows`` are the training windows, ``block`` of them a block, those that are left over behind
    the last whole block always training; then come the judged windows of every block, ``judged`` each, then
    those of the test part. taken: how many blocks validate.
    """

    windows: int
    block: int
    judged: int
    taken: int
    test: Int64[ndarray, "test"]

    @property
    def rest(self) -> Int64[ndarray, "rest"]:
        """All rows but those of the test part."""
        return np.arange(self.test[0])

    @property
    def train_rows(self) -> int:
        """How many rows train, for every seed."""
        return self.windows - self.taken * self.block

    def draw(self, seed: int) -> tuple[Int64[ndarray, "train"], Int64[ndarray, "valid"]]:
        """The training and validation rows of ``seed``, each in rising order."""
        _, taken = divide(np.arange(self.windows // self.block), None, self.taken, seed)
        trains = np.ones(self.windows, dtype=bool)
        trains[(taken[:, None] * self.block + np.arange(self.block)).ravel()] = False
        valid = self.windows + taken[:, None] * self.judged + np.arange(self.judged)
        return np.flatnonzero(trains), valid.ravel()


@dataclass
class _Preparation(Preparation):
    """One x and y for all seeds; the encoder, for new texts, knows all characters but the test part's."""

    characters: Characters | None = None

    def fitted(self, seed: int) -> Encoder | None:
        return self.characters


@dataclass(frozen=True)
class _Rows:
    """x: [rows, length] float32 numbers of characters. y: [rows, length] int64, those that follow."""

    x: torch.Tensor
    y: torch.Tensor
    split: Blocks


def _rows(ids: Int64[ndarray, "text"], rest: int, length: int, windows: int) -> _Rows:
    block = min(_BLOCK, windows // _FEWEST_BLOCKS)
    blocks = windows // block
    taken = max(1, min(round(_VALID_SHARE * blocks), _MOST_VALID // (block * length)))
    starts, counts = [np.arange(windows) * length], [np.ones((windows, length), dtype=bool)]
    spans = [(number * block * length, (number + 1) * block * length) for number in range(blocks)]
    for first, last in (*spans, (rest, len(ids) - 1)):
        found, counted = judged(first, last, length)
        starts.append(found)
        counts.append(counted)
    places = np.concatenate(starts)[:, None] + np.arange(length)
    y = np.where(np.concatenate(counts), ids[places + 1], NOT_JUDGED)
    each, tested = len(starts[1]), len(starts[-1])
    split = Blocks(windows, block, each, taken, np.arange(len(places) - tested, len(places)))
    return _Rows(torch.from_numpy(ids[places].astype(np.float32)), torch.from_numpy(y), split)


def judged(first: int, last: int, length: int) -> tuple[Int64[ndarray, "rows"], Bool[ndarray, "rows length"]]:
    """Where windows begin that predict characters ``first`` + 1 to ``last``, and which of their places count.

    Every one of these characters counts exactly once. Windows lie half their length apart, the last one as
    far as it needs to end at ``last``.
    """
    starts = np.unique(np.append(np.arange(first, last - length, max(1, length // 2)), last - length))
    done = np.append(first, starts[:-1] + length)  # the last character that is predicted already
    return starts, starts[:, None] + 1 + np.arange(length) > done[:, None]
