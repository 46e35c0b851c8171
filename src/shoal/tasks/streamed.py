"""Inputs that are not kept: rows of data sets are read again whenever a step needs them."""

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shoal.errors import UserError
from shoal.tasks.layout import Batch, Part, batch_of, features, pack
from shoal.tasks.own_network import call


class Reader:
    """A map-style data set and its collate function; ``what`` is what the user calls it.

    Every row is read under a random state of its own (torch's, numpy's and Python's, from its number), so a
    random augmentation in it gives a row the same numbers each time. The caller's states are left alone.
    """

    def __init__(self, dataset: Any, collate: Callable[[list[Any]], Any], what: str):
        self.dataset, self.collate, self.what = dataset, collate, what

    def __len__(self) -> int:
        return len(self.dataset)

    def read(self, rows: Sequence[int]) -> Batch:
        """These rows, collated. Raises UserError where the data set or the collate function fails."""
        with _own_random_state():
            samples = []
            for row in rows:
                _seed(row)
                samples.append(call(f"row {row} of {self.what}", self.dataset.__getitem__, row))
            made = call(f"the collate function of {self.what}", self.collate, samples)
        found = batch_of(made, f"a batch of {self.what}")
        if len(found.target) != len(rows):
            raise UserError(
                f"the collate function of {self.what} makes {len(found.target)} rows of {len(rows)}; it must "
                "keep them one by one, so filter or join rows in the data set"
            )
        return found


class Streamed:
    """Inputs [rows, *features]; indexing reads the rows that it names.

    pieces: tensors and readers, one after the other. numbers: [rows] which of their rows these are, by
    default all. It has as much of a tensor as an engine needs.
    """

    def __init__(
        self, pieces: Sequence[Tensor | Reader], layout: Sequence[Part], numbers: Tensor | None = None
    ):
        self.pieces, self.layout = tuple(pieces), tuple(layout)
        self.ends = np.cumsum([len(piece) for piece in pieces])
        self.numbers = torch.arange(int(self.ends[-1])) if numbers is None else numbers
        self.shape = torch.Size((len(self.numbers), *features(layout)))
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: Tensor) -> Tensor:
        """[*rows.shape, *features]; a row named several times is read once."""
        wanted, place = self.numbers[rows.reshape(-1).cpu()].unique(return_inverse=True)
        found = self._gather(wanted)
        if not torch.equal(place, torch.arange(len(wanted))):
            found = found[place]
        return found.reshape(*rows.shape, *self.shape[1:]).to(self.device, self.dtype)

    def _gather(self, wanted: Tensor) -> Tensor:
        if len(self.pieces) == 1:
            return self._read(self.pieces[0], wanted)
        found = torch.empty(len(wanted), *self.shape[1:])
        piece_of = np.searchsorted(self.ends, wanted.numpy(), side="right")
        for number in np.unique(piece_of):
            mine = torch.from_numpy(np.flatnonzero(piece_of == number))
            begin = int(self.ends[number]) - len(self.pieces[number])
            found[mine] = self._read(self.pieces[number], wanted[mine] - begin)
        return found

    def take(self, rows: Tensor) -> "Streamed":
        """These rows, unread."""
        return Streamed(self.pieces, self.layout, self.numbers[rows])

    def to(self, device: torch.device | str, dtype: torch.dtype) -> "Streamed":
        """The same rows, which arrive on ``device`` as ``dtype``."""
        made = self.take(torch.arange(len(self)))
        made.device, made.dtype = torch.device(device), dtype
        return made

    def _read(self, piece: Tensor | Reader, rows: Tensor) -> Tensor:
        if isinstance(piece, Tensor):
            return piece[rows]
        return pack(piece.read(rows.tolist()), self.layout, piece.what, int(rows[0]))


def take(x: Tensor | Streamed, rows: Tensor) -> Tensor | Streamed:
    """The rows [count] of ``x``; none is read."""
    return x.take(rows) if isinstance(x, Streamed) else x[rows]


def cat(pieces: Sequence[Tensor | Streamed]) -> Tensor | Streamed:
    """Rows of one source, or of tensors, one after the other; none is read."""
    if len(pieces) == 1:
        return pieces[0]
    streamed = [piece for piece in pieces if isinstance(piece, Streamed)]
    if not streamed:
        return torch.cat([piece for piece in pieces if isinstance(piece, Tensor)])
    if len(streamed) < len(pieces) or any(one.pieces != streamed[0].pieces for one in streamed):
        raise ValueError("streamed rows are joined only with others of the same source")
    return Streamed(streamed[0].pieces, streamed[0].layout, torch.cat([one.numbers for one in streamed]))


def read(x: Tensor | Streamed, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs, and the row numbers in them of ``rows``: ``x`` itself or, if streamed, those rows only."""
    if isinstance(x, Tensor):
        return x, rows
    wanted, place = distinct(rows)
    return x[wanted], place


def distinct(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The different ones of ``rows``, rising, and where each of ``rows`` stands among them.

    They are at least two (one stands there twice): a compiled program takes a free size to be two or more.
    """
    wanted, place = rows.unique(return_inverse=True)
    return (wanted if len(wanted) > 1 else wanted.repeat(2)), place


@contextlib.contextmanager
def _own_random_state() -> Iterator[None]:
    states = torch.default_generator.get_state(), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.default_generator.set_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])


def _seed(row: int) -> None:
    torch.default_generator.manual_seed(row)  # torch.manual_seed would also queue work for every GPU
    np.random.seed(row)
    random.seed(row)
