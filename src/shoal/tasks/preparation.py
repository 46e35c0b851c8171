"""What a seed sees: its rows, with preprocessing fitted on its own training rows only."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shoal.errors import UserError
from shoal.tasks.splits import Split
from shoal.tasks.task import Prepared, Task

REMEMBERED_BYTES = 512 * 2**20


@dataclass
class Preparation:
    """seed → Prepared. The last few seeds are remembered, up to 512 MiB of tensors.

    inputs: what the preprocessing reads, or the finished float32 tensor if there is none to do.
    targets: [rows] int64 classes, or [rows, outputs] float64 numbers in the target's unit.
    pipeline: makes an unfitted scikit-learn transformer. standardize: whether targets are centered and
    divided by one scale, both from the training rows.
    """

    split: Split
    inputs: Any
    targets: Tensor
    pipeline: Callable[[], Any] | None = None
    standardize: bool = False
    _remembered: "OrderedDict[int, Prepared]" = field(default_factory=OrderedDict, repr=False)

    def __call__(self, seed: int) -> Prepared:
        if seed in self._remembered:
            self._remembered.move_to_end(seed)
            return self._remembered[seed]
        train, valid = self.split.draw(seed)
        y, scale = self._targets(train)
        parts = [torch.from_numpy(part) for part in (train, valid, self.split.test)]
        prepared = Prepared(self._inputs(train), y, parts[0], parts[1], parts[2], scale)
        self._remember(seed, prepared)
        return prepared

    def fitted(self, seed: int) -> Any:
        """The transformer fitted on the training rows of ``seed``, or None if there is no preprocessing."""
        return self._fitted(self.split.draw(seed)[0])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_remembered": OrderedDict()}  # another process prepares for itself

    def _fitted(self, train: np.ndarray) -> Any:
        return None if self.pipeline is None else self.pipeline().fit(self.inputs[train])

    def _inputs(self, train: np.ndarray) -> Tensor:
        fitted = self._fitted(train)
        if fitted is None:
            return self.inputs
        with np.errstate(over="ignore"):  # infinity is what the next line looks for
            x = torch.from_numpy(np.asarray(fitted.transform(self.inputs), dtype=np.float32))
        if not x.isfinite().all():
            raise UserError(
                "some inputs are too large for single precision even after preprocessing; rescale them"
            )
        return x

    def _targets(self, train: np.ndarray) -> tuple[Tensor, float]:
        if not self.standardize:
            y = self.targets
            return (y.float() if y.is_floating_point() else y), 1.0
        mean = self.targets[train].mean(0)
        scale = float((self.targets[train] - mean).square().mean().sqrt()) or 1.0
        return ((self.targets - mean) / scale).float(), scale

    def _remember(self, seed: int, prepared: Prepared) -> None:
        self._remembered[seed] = prepared
        own = [part for part in prepared[:5] if part is not self.inputs and part is not self.targets]
        each = sum(part.nbytes for part in own)
        while len(self._remembered) > 1 and len(self._remembered) * each > REMEMBERED_BYTES:
            self._remembered.popitem(last=False)


def preprocessing(task: Task, seed: int) -> Any:
    """The scikit-learn transformer of ``task`` fitted on the training rows of ``seed``.

    None if the task needs no preprocessing. It reads rows as the task keeps them (for a table: the frame
    that ``columns.typed`` makes of the file's text).
    """
    return task.prepare.fitted(seed) if isinstance(task.prepare, Preparation) else None


def fingerprint(parts: Iterable[object]) -> str:
    """A hash of arrays, tensors, bytes and plain values, in order: equal data, equal fingerprint."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, Tensor):
            part = part.detach().cpu().numpy()
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype} {part.shape} ".encode())
            digest.update(np.ascontiguousarray(part).data)
        elif isinstance(part, bytes):
            digest.update(part)
        else:
            digest.update(f"{part!r} ".encode())
    return digest.hexdigest()
