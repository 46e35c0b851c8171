"""Data sets row by row: read once and kept, or, beyond a bound, read again whenever rows are needed."""

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

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
            raise ValueError(f"{self.what}: {len(rows)} rows were collated into {len(found.target)}")
        return found


class Streamed:
    """Inputs [rows, *features] float32 that are not kept: indexing reads the rows that it names.

    pieces: tensors and readers one after the other. It has no more of a tensor than an engine needs.
    """

    dtype = torch.float32
    device = torch.device("cpu")

    def __init__(self, pieces: Sequence[Tensor | Reader], layout: Sequence[Part]):
        self.pieces, self.layout = tuple(pieces), tuple(layout)
        self.ends = np.cumsum([len(piece) for piece in pieces])
        self.shape = torch.Size((int(self.ends[-1]), *features(layout)))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Tensor) -> Tensor:
        """[*rows.shape, *features] float32; a row named several times is read once."""
        wanted, place = rows.reshape(-1).unique(return_inverse=True)
        found = torch.empty(len(wanted), *self.shape[1:])
        piece_of = np.searchsorted(self.ends, wanted.numpy(), side="right")
        for number in np.unique(piece_of):
            mine = torch.from_numpy(np.flatnonzero(piece_of == number))
            begin = int(self.ends[number]) - len(self.pieces[number])
            found[mine] = self._read(self.pieces[number], wanted[mine] - begin)
        return found[place].reshape(*rows.shape, *self.shape[1:])

    def _read(self, piece: Tensor | Reader, rows: Tensor) -> Tensor:
        if isinstance(piece, Tensor):
            return piece[rows]
        return pack(piece.read(rows.tolist()), self.layout, piece.what, int(rows[0]))


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
