"""From outputs of a network to predictions: names of classes and probabilities, or numbers in their unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shoal.artifact.contents import Contents
from shoal.networks.forward import Forward, forward
from shoal.networks.roles import roles

_NUMBERS = 4_000_000  # how many numbers of one layer's activations a chunk of rows may roughly hold


@dataclass(frozen=True)
class Predictions:
    """For each row, in the order of the rows given.

    values: [rows] names of classes (their numbers where they have no names), or float64 numbers in the
    target's unit, [rows] or [rows, outputs]. probabilities: float64 [rows, classes], or None without classes.
    classes: what the columns of ``probabilities`` stand for. notes: what was strange, a sentence each. files:
    what each row was read from, where that is a file of its own.
    """

    values: NDArray[Any]
    probabilities: NDArray[np.float64] | None
    classes: tuple[str, ...] | tuple[int, ...]
    notes: tuple[str, ...]
    files: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def columns(self) -> dict[str, NDArray[Any]]:
        """As a table: ``file``, if there are any, ``prediction`` (``prediction_0``, ... of several outputs),
        ``probability_<class>``."""
        files = {"file": np.array(self.files)} if self.files else {}
        if self.probabilities is not None:
            parts = zip(self.classes, self.probabilities.T, strict=True)
            return files | {"prediction": self.values} | {f"probability_{name}": part for name, part in parts}
        if self.values.ndim == 1:
            return files | {"prediction": self.values}
        return files | {f"prediction_{number}": part for number, part in enumerate(self.values.T)}


def predictions(
    contents: Contents, outputs: Tensor, notes: tuple[str, ...] = (), files: tuple[str, ...] = ()
) -> Predictions:
    """What outputs [rows, outputs] mean: logits of classes, or standardized numbers; of next tokens [rows,
    length, outputs] those that follow each row.

    Where only the user's own loss knows what they mean (kind "own"), they are given as they are.
    """
    if contents.kind == "language":
        outputs = outputs[:, -1]  # what follows the last token
    elif contents.kind != "classification":
        values = contents.preprocessing.targets(outputs).numpy()
        return Predictions(values[:, 0] if values.shape[1] == 1 else values, None, (), notes, files)
    shares = torch.softmax(outputs.double(), 1).numpy()
    names = np.array(contents.classes)
    return Predictions(names[outputs.argmax(1).numpy()], shares, contents.classes, notes, files)


def outputs_of(network: nn.Module, hyper: Mapping[str, float], x: Tensor, outputs: int) -> Tensor:
    """What ``network`` makes of x [rows, *features] without noise, by chunks: [rows, outputs] float32.

    hyper: "technique.name" → value, for the techniques inside the network.
    """
    purposes = roles(network)
    matrices = {name: one for name, one in network.named_parameters() if one.ndim > 1}
    wide = [one.shape[0] for name, one in matrices.items() if purposes[name] != "embedding"]
    of_row, tokens = x[:1].numel(), "embedding" in purposes.values()  # whose layers hold a width for each
    each = of_row * max([1, *wide]) if tokens else 16 * max([of_row, *wide])
    numbers = {name: torch.tensor(float(value)) for name, value in hyper.items()}
    found: list[Tensor] = []
    with torch.no_grad(), forward(Forward(False, None, None, numbers)):
        found += [network(part) for part in x.split(max(1, _NUMBERS // max(1, each))) if len(part)]
    return torch.cat(found) if found else x.new_zeros(0, outputs)
