"""What a batch is made of: named or ordered inputs and a target, packed into one tensor of numbers.

An engine carries one float32 tensor of inputs; ``pack`` writes all inputs of a row side by side into it, and
``shoal.tasks.unpacked`` hands them to the network again in their own shapes and types. Whole numbers are
exact in single precision up to 2^24.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from shoal.errors import UserError

LABELS = ("labels", "label", "targets", "target", "y")
LARGEST = 2**24  # beyond it, float32 skips whole numbers


class Part(NamedTuple):
    """One input: its keyword (None: by position), the shape of one row, and the type the network gets."""

    name: str | None
    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def numbers(self) -> int:
        """How many numbers a row of it holds."""
        return torch.Size(self.shape).numel()


class Batch(NamedTuple):
    """inputs: by keyword, or by position; [rows, ...] each. target: [rows, ...]."""

    inputs: dict[str | int, Tensor]
    target: Tensor


def batch_of(values: Any, where: str) -> Batch:
    """``(x, y)``, ``(x1, x2, y)``, ``([x1, x2], y)``, ``({name: x}, y)`` or ``{name: x, "labels": y}``.

    Raises UserError, which begins with ``where``, for anything else and for inputs that are no tensors.
    """
    if isinstance(values, Mapping):
        found = [label for label in LABELS if label in values]
        if len(found) != 1:
            which = "several could be" if found else "none is"
            raise UserError(
                f"{where} is a dictionary with the keys {_listed(values)}, of which {which} the target; "
                f"call it one of {_listed(LABELS)}"
            )
        given: Any = {name: value for name, value in values.items() if name != found[0]}
        target = values[found[0]]
    elif isinstance(values, tuple | list) and len(values) >= 2:
        *first, target = values
        given = first[0] if len(first) == 1 else first
    else:
        raise UserError(
            f"{where} is {_kind(values)}; a pair (inputs, targets) or a dictionary with a target is needed"
        )
    if isinstance(given, Mapping):
        named = dict(given)
    else:
        named = dict(enumerate(given)) if isinstance(given, tuple | list) else {0: given}
    if not named:
        raise UserError(f"{where} holds a target, but no inputs")
    inputs = {name: _tensor(value, f"input {name!r} of {where}") for name, value in named.items()}
    return _alike(Batch(inputs, _tensor(target, f"the target of {where}")), where)


def layout_of(batch: Batch) -> tuple[Part, ...]:
    """The inputs of a batch's rows, in order."""
    return tuple(
        Part(name if isinstance(name, str) else None, tuple(value.shape[1:]), value.dtype)
        for name, value in batch.inputs.items()
    )


def is_plain(layout: Sequence[Part]) -> bool:
    """Whether the network may be given the packed tensor as it is: one input of floats, by position."""
    (first, *others) = layout
    return not others and first.name is None and bool(first.shape) and first.dtype.is_floating_point


def features(layout: Sequence[Part]) -> tuple[int, ...]:
    """The shape of one packed row: a single input keeps its own, several stand side by side."""
    if len(layout) == 1 and layout[0].shape:
        return layout[0].shape
    return (sum(part.numbers for part in layout),)


def pack(batch: Batch, layout: Sequence[Part], where: str, first_row: int = 0) -> Tensor:
    """The batch's inputs as [rows, *features(layout)] float32; no copy for a single input that is that.

    Raises UserError for another layout than ``layout``, for NaN and infinity in single precision, and for
    whole numbers beyond 2^24. ``first_row`` is the number of the batch's first row in ``where``.
    """
    found = layout_of(batch)
    if found != tuple(layout):
        raise UserError(
            f"rows of {where} change: they begin with inputs {described(layout)}, and there are "
            f"{described(found)} from row {first_row} on; make all rows alike (pad or crop them to one shape)"
        )
    made = [_numbers(value, f"input {name!r} of {where}", first_row) for name, value in batch.inputs.items()]
    if len(made) == 1 and layout[0].shape:
        return made[0]
    return torch.cat([one.reshape(len(one), -1) for one in made], 1)


def described(layout: Sequence[Part]) -> str:
    """A layout in words: names, shapes of one row, types."""
    return ", ".join(
        f"{'' if part.name is None else part.name + ' '}{list(part.shape)} {_type(part.dtype)}"
        for part in layout
    )


def _numbers(value: Tensor, what: str, first_row: int) -> Tensor:
    if not (value.is_floating_point() or value.dtype == torch.bool):
        large = value.to(torch.int64).abs() > LARGEST
        if large.any():
            raise UserError(
                f"{what} holds whole numbers beyond 2^24 (row {first_row + _row(large)}), which single "
                "precision cannot hold; number them from 0"
            )
    made = value.to(torch.float32)
    if not made.sum().isfinite() and (wrong := ~made.isfinite()).any():  # the sum alone may be too large
        raise UserError(
            f"{what} holds NaN or infinity in single precision, first in row {first_row + _row(wrong)}"
        )
    return made


def _row(wrong: Tensor) -> int:
    return int(wrong.reshape(len(wrong), -1).any(1).nonzero()[0])


def _tensor(values: Any, what: str) -> Tensor:
    try:
        found = torch.as_tensor(values).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{what} is no tensor of numbers but {_kind(values)} ({error})") from None
    if found.is_complex():
        raise UserError(f"{what} holds complex numbers; real ones are needed")
    if found.ndim == 0:
        raise UserError(f"{what} is a single number; [rows, ...] is needed")
    return found


def _alike(batch: Batch, where: str) -> Batch:
    rows = len(batch.target)
    for name, value in batch.inputs.items():
        if len(value) != rows:
            raise UserError(f"{where} has {len(value)} rows of input {name!r} and {rows} of the target")
    return batch


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "(none)"


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of length {len(value)}"
    return type(value).__name__


def _type(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
