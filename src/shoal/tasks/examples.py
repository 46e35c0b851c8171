"""A user's tensors, data sets and loaders, read: inputs as one tensor (or streamed), targets, and a hash."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, default_collate
from torch.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

from shoal.errors import UserError
from shoal.tasks.layout import Batch, Part, batch_of, described, features, layout_of, pack
from shoal.tasks.own_network import call
from shoal.tasks.preparation import fingerprint
from shoal.tasks.streamed import Reader, Streamed

_ROWS = 256  # rows read and collated at once


class Examples(NamedTuple):
    """x: [rows, *features] float32, a tensor or streamed. y: [rows, ...] as it came.

    lengths: rows of each part. digest: hash of all of it. notes: what the user should know.
    """

    x: Tensor | Streamed
    y: Tensor
    layout: tuple[Part, ...]
    lengths: tuple[int, ...]
    digest: str
    notes: tuple[str, ...]


class _Read(NamedTuple):
    x: Tensor | Reader
    y: Tensor
    layout: tuple[Part, ...]
    digest: str


Source = Batch | Reader | IterableDataset | DataLoader


def read(parts: Mapping[str, Any], cache_bytes: int) -> Examples:
    """The rows of ``parts`` (train, valid, test), one after the other.

    Data sets are kept in memory if all of them need at most ``cache_bytes`` bytes of inputs; else each is
    read once for its targets and to be checked, and its inputs again whenever rows are needed.
    Raises UserError for what cannot be read and for parts that are not alike.
    """
    sources = {what: source_of(data, what) for what, data in parts.items()}
    needed = {what: _bytes(one) for what, one in sources.items() if isinstance(one, Reader)}
    streaming = sum(needed.values()) > cache_bytes
    found: dict[str, _Read] = {}
    for what, one in sources.items():
        found[what] = _read(one, what, cache_bytes, streaming)
        _check_alike(found[what], what, found["train"])
    layout = found["train"].layout
    pieces = [one.x for one in found.values()]
    tensors = [piece for piece in pieces if isinstance(piece, Tensor)]
    x: Tensor | Streamed = Streamed(pieces, layout)
    if len(tensors) == len(pieces):
        x = torch.cat(tensors) if len(tensors) > 1 else tensors[0]
    notes = [_streaming_note(sum(needed.values()), cache_bytes)] if streaming else []
    if any(part.dtype == torch.float64 for part in layout):
        notes.append("inputs in double precision are taken in single precision")
    return Examples(
        x,
        torch.cat([one.y for one in found.values()]),
        layout,
        tuple(len(one.y) for one in found.values()),
        fingerprint([one.digest for one in found.values()]),
        tuple(notes),
    )


def source_of(data: Any, what: str) -> Source:
    """How ``data`` is read. Raises UserError for what is neither tensors, a data set nor a loader."""
    if isinstance(data, DataLoader):
        return _loader(data, what)
    if isinstance(data, IterableDataset):
        return DataLoader(data, batch_size=_ROWS)
    if isinstance(data, tuple | list | Mapping):
        return batch_of(data, what)
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, str | Tensor):
        return _not_empty(Reader(data, default_collate, what))
    raise UserError(
        f"{what} is {type(data).__name__}; tensors (x, y), a torch Dataset or a DataLoader is needed"
    )


def default_batch_size(data: Any) -> int | None:
    """The batch size that a loader names."""
    return data.batch_size if isinstance(data, DataLoader) else None


def _loader(loader: DataLoader, what: str) -> Source:
    if isinstance(loader.dataset, IterableDataset) or loader.batch_sampler is None:
        return loader
    plain = isinstance(loader.sampler, RandomSampler | SequentialSampler)
    if not plain or type(loader.batch_sampler) is not BatchSampler:
        chosen = loader.batch_sampler if plain else loader.sampler
        raise UserError(
            f"{what} draws rows with a {type(chosen).__name__}, but shoal orders rows itself; "
            "give a loader of the rows that count (torch.utils.data.Subset), shuffled or not"
        )
    return _not_empty(Reader(loader.dataset, loader.collate_fn, what))


def _not_empty(reader: Reader) -> Reader:
    if len(reader) == 0:
        raise UserError(f"{reader.what} is empty: it has no rows")
    return reader


def _bytes(reader: Reader) -> int:
    return 4 * torch.Size(features(layout_of(reader.read([0])))).numel() * len(reader)


def _read(source: Source, what: str, cache_bytes: int, streaming: bool) -> _Read:
    if isinstance(source, Batch):
        layout = layout_of(source)
        x = pack(source, layout, what)
        if x.numel() == 0:
            raise UserError(f"{what} is empty: its inputs are {described(layout)} and it has {len(x)} rows")
        return _Read(x, source.target, layout, fingerprint([x, source.target]))
    if isinstance(source, Reader):
        batches, rows = _batches_of(source), len(source)
        keeps = not streaming
    else:
        batches, rows, keeps = _batches_once(source, what), None, True
    read = _consume(batches, what, rows, keeps, cache_bytes)
    return read._replace(x=source) if isinstance(source, Reader) and streaming else read


def _consume(batches: Iterator[Batch], what: str, rows: int | None, keeps: bool, cache_bytes: int) -> _Read:
    """All batches, one after the other. rows: how many there are, if that is known."""
    layout: tuple[Part, ...] = ()
    pieces: list[Tensor] = []
    targets: list[Tensor] = []
    digests, done = [], 0
    kept: Tensor | None = None
    for batch in batches:
        layout = layout or layout_of(batch)
        x = pack(batch, layout, what, done)
        if targets and (batch.target.shape[1:], batch.target.dtype) != (
            targets[0].shape[1:],
            targets[0].dtype,
        ):
            raise UserError(
                f"rows of {what} change: targets begin as {_target(targets[0])}, and there are "
                f"{_target(batch.target)} from row {done} on; make all rows alike"
            )
        targets.append(batch.target)
        digests.append(fingerprint([x, batch.target]))
        if keeps and rows is not None:
            kept = torch.empty(rows, *x.shape[1:]) if kept is None else kept
            kept[done : done + len(x)] = x
        elif keeps:
            pieces.append(x)
        done += len(x)
        if rows is None and done * x[0].nbytes > cache_bytes:
            raise UserError(
                f"{what} can be read only once, in its own order, and needs more than {_size(cache_bytes)}: "
                "give a data set with row numbers (__getitem__ and __len__), or a larger cache_bytes"
            )
    if not done:
        raise UserError(f"{what} is empty: it yields no batch")
    x = kept if kept is not None else torch.cat(pieces) if pieces else torch.empty(0)
    return _Read(x, torch.cat(targets), layout, fingerprint(digests))


def _batches_of(reader: Reader) -> Iterator[Batch]:
    for begin in range(0, len(reader), _ROWS):
        yield reader.read(range(begin, min(begin + _ROWS, len(reader))))


def _batches_once(loader: Any, what: str) -> Iterator[Batch]:
    with torch.random.fork_rng(devices=[]):
        batches = call(what, iter, loader)
        number = 0
        while (values := call(f"batch {number} of {what}", next, batches, None)) is not None:
            yield batch_of(values, f"batch {number} of {what}")
            number += 1


def _check_alike(one: _Read, what: str, train: _Read) -> None:
    if one.layout != train.layout:
        raise UserError(
            f"{what} differs from train: its inputs are {described(one.layout)}, those of train "
            f"{described(train.layout)}"
        )
    if (one.y.shape[1:], one.y.dtype) != (train.y.shape[1:], train.y.dtype):
        raise UserError(
            f"{what} differs from train: its targets are {_target(one.y)}, those of train {_target(train.y)}"
        )


def _target(y: Tensor) -> str:
    return f"{list(y.shape[1:])} {str(y.dtype).removeprefix('torch.')}"


def _streaming_note(needed: int, cache_bytes: int) -> str:
    return (
        f"inputs of {_size(needed)} are not kept in memory (cache_bytes is {_size(cache_bytes)}): rows are "
        "read again at every step, which is slower"
    )


def _size(number: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number} bytes"


def rows_of(lengths: Sequence[int], part: int) -> range:
    """The row numbers of a part in ``Examples.x``."""
    begin = sum(lengths[:part])
    return range(begin, begin + lengths[part])
