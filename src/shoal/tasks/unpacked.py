"""A user's network behind one packed tensor: inputs in their own shapes and types, logits as a tensor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from shoal.tasks.layout import Part


class Unpacked(nn.Module):
    """[rows, *features] float → the network's output for the inputs that were packed there.

    Inputs with a keyword are handed over by it, others by position. An output with ``logits``, as an
    attribute or a key, stands for them.
    """

    def __init__(self, network: nn.Module, layout: Sequence[Part]):
        super().__init__()
        self.network, self.layout = network, tuple(layout)

    def forward(self, x: Tensor) -> Any:
        """The network's output for packed inputs."""
        pieces = [x]
        if len(self.layout) > 1 or not self.layout[0].shape:
            pieces = list(torch.split(x, [part.numbers for part in self.layout], 1))
        ordered, named = [], {}
        for piece, part in zip(pieces, self.layout, strict=True):
            value = piece.reshape(len(x), *part.shape)
            value = value if part.dtype.is_floating_point else value.to(part.dtype)
            if part.name is None:
                ordered.append(value)
            else:
                named[part.name] = value
        return logits(self.network(*ordered, **named))


@dataclass(frozen=True)
class Unpacking:
    """A factory of networks behind one packed tensor, from a factory of the user's."""

    make: Callable[[], nn.Module]
    layout: tuple[Part, ...]

    def __call__(self) -> nn.Module:
        return Unpacked(self.make(), self.layout)


def logits(output: Any) -> Any:
    """What an output calls its logits, or the output."""
    if isinstance(output, Mapping) and "logits" in output:
        return output["logits"]
    return getattr(output, "logits", output)
