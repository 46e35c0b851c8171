"""Parameters cut and packed into pieces that fit the processor's cache.

A rule of scope "element" does the same to every number, so small parameters are gathered into one piece and
large ones are walked piece by piece; both are exact. The state of packed parameters lies in one tensor, of
which ``optimizer.state[p]`` shows each parameter's part.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

PIECE = 1 << 17  # numbers in a piece
SMALL = 1 << 14  # parameters with at most so many numbers are packed


class Scratch:
    """Tensors for temporaries and for packed parameters: made once, shared by all pieces."""

    def __init__(self) -> None:
        self._whole: dict[Any, Tensor] = {}
        self._cut: dict[Any, list[Tensor]] = {}

    def buffers(self, dtypes: tuple[torch.dtype, ...], length: int) -> list[Tensor]:
        """A buffer [length] of each of ``dtypes``; the same ones whenever it is asked."""
        if (dtypes, length) not in self._cut:
            self._cut[dtypes, length] = [self.one((one, i))[:length] for i, one in enumerate(dtypes)]
        return self._cut[dtypes, length]

    def one(self, key: tuple[torch.dtype, Any]) -> Tensor:
        """The tensor [PIECE] of this key, a dtype and what it is for."""
        if key not in self._whole:
            self._whole[key] = torch.empty(PIECE, dtype=key[0])
        return self._whole[key]


class Packed:
    """Small parameters as one piece: gathered before a step, scattered behind it.

    apart: whether each has sums and numbers of its own.
    states: a dict name → tensor of each parameter, whose ``vectors`` become parts of one tensor each.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        states: Sequence[dict[str, Any]],
        vectors: tuple[str, ...],
        dtype: torch.dtype,
        scratch: Scratch,
        apart: bool,
    ):
        self.parameters = list(parameters)
        sizes = [one.numel() for one in parameters]
        self.length = sum(sizes)
        self.gradient = scratch.one((dtype, "gradient"))[: self.length]
        self.parameter = scratch.one((dtype, "parameter"))[: self.length]
        self.gradients = _parts(self.gradient, sizes, parameters)
        self.places = _parts(self.parameter, sizes, parameters)
        self.sizes = sizes
        self.repeats = torch.tensor(sizes) if apart and len(sizes) > 1 else None
        self.state = []
        for name in vectors:
            whole = torch.cat([own[name].reshape(-1).to(dtype) for own in states])
            self.state.append(whole)
            for own, part in zip(states, _parts(whole, sizes, parameters), strict=True):
                own[name] = part

    def reduced(self, how: Callable[..., Tensor], *vectors: Tensor) -> Tensor:
        """The sum, norm or dot of vectors, or of each parameter's parts of them."""
        if self.repeats is None:
            return how(*vectors)
        return torch.stack(list(map(how, *(one.split(self.sizes) for one in vectors))))

    def spread(self, numbers: Any) -> Any:
        """What every number of the piece is to be given of ``numbers``, one for each parameter."""
        if self.repeats is None or (isinstance(numbers, list) and len(set(numbers)) == 1):
            return numbers[0]
        if isinstance(numbers, list):
            numbers = torch.tensor(numbers, dtype=self.parameter.dtype)
        return numbers.repeat_interleave(self.repeats, output_size=self.length)

    def pieces(self, first: bool, last: bool) -> Iterator[tuple[Tensor, Tensor, Sequence[Tensor]]]:
        """(gradient, parameter, state) of the one piece, to be changed in place before the next is asked.

        first, last: whether it must be gathered before and scattered behind.
        """
        if first:
            gradients = [one.grad for one in self.parameters if one.grad is not None]
            torch._foreach_copy_(self.gradients, gradients)
            torch._foreach_copy_(self.places, self.parameters)
        yield self.gradient, self.parameter, self.state
        if last:
            torch._foreach_copy_(self.parameters, self.places)


class Cut:
    """One large parameter as pieces of itself."""

    def __init__(
        self, parameter: Tensor, state: dict[str, Any], vectors: tuple[str, ...], dtype: torch.dtype
    ):
        self.parameters, self.dtype = [parameter], dtype
        for name in vectors:
            state[name] = state[name].to(dtype).contiguous()
        self.state = [state[name].view(-1) for name in vectors]
        self.state_pieces = list(zip(*(one.split(PIECE) for one in self.state), strict=True))

    def reduced(self, how: Callable[..., Tensor], *vectors: Tensor) -> Tensor:
        """The sum, norm or dot of a piece."""
        return how(*vectors)

    def spread(self, numbers: Any) -> Any:
        """The parameter's own of ``numbers``, which holds one."""
        return numbers[0]

    def pieces(self, first: bool, last: bool) -> Iterator[tuple[Tensor, Tensor, Sequence[Tensor]]]:
        """(gradient, parameter, state) of each piece, to be changed in place before the next is asked."""
        (own,) = self.parameters
        assert own.grad is not None
        # A view of the parameter where it lies flat in the right type, else a copy that is written back.
        flat = own.reshape(-1)
        whole = flat.to(self.dtype)
        gradients = own.grad.reshape(-1).to(self.dtype).split(PIECE)
        for index, (gradient, piece) in enumerate(zip(gradients, whole.split(PIECE), strict=True)):
            yield gradient, piece, self.state_pieces[index] if self.state_pieces else ()
        if whole.data_ptr() != own.data_ptr():
            own.copy_(whole.view_as(own))


def buckets(parameters: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Small parameters in their order, in lists of at most PIECE numbers."""
    bucket: list[Tensor] = []
    length = 0
    for one in parameters:
        if bucket and length + one.numel() > PIECE:
            yield bucket
            bucket, length = [], 0
        bucket.append(one)
        length += one.numel()
    if bucket:
        yield bucket


def _parts(whole: Tensor, sizes: list[int], like: Sequence[Tensor]) -> list[Tensor]:
    return [part.view(one.shape) for part, one in zip(whole.split(sizes), like, strict=True)]
