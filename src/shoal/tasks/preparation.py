"""What a seed sees: its rows, with preprocessing fitted on its own training rows only."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shoal.tasks.encoders import Encoder
from shoal.tasks.splits import Rows
from shoal.tasks.task import Prepared

REMEMBERED_BYTES = 512 * 2**20


@dataclass
class Preparation:
    """seed → Prepared. The last few seeds are remembered, up to 512 MiB of tensors.

    inputs: what the preprocessing reads, or the finished float32 tensor if there is none to do.
    targets: [rows] int64 classes, or [rows, outputs] numbers in the target's unit (float64 to standardize).
    fit: makes an encoder from the training rows of ``inputs``. standardize: whether targets are centered
    and divided by one scale, both from the training rows. target: what it is called, if it has a name.
    classes: their names, if they have any. finished: the encoder that finished ``inputs`` have gone through,
    the same for every seed.
    """

    split: Rows
    inputs: Any
    targets: Tensor
    fit: Callable[[Any], Encoder] | None = None
    standardize: bool = False
    target: str | None = None
    classes: tuple[str, ...] = ()
    finished: Encoder | None = None
    _remembered: "OrderedDict[int, Prepared]" = field(default_factory=OrderedDict, repr=False)

    def __call__(self, seed: int) -> Prepared:
        if seed in self._remembered:
            self._remembered.move_to_end(seed)
            return self._remembered[seed]
        train, valid = self.split.draw(seed)
        center, scale = self._center_and_scale(train)
        y = ((self.targets - center) / scale).float() if self.standardize else self._plain_targets()
        parts = [torch.from_numpy(part) for part in (train, valid, self.split.test)]
        prepared = Prepared(self._inputs(train), y, parts[0], parts[1], parts[2], scale)
        self._remember(seed, prepared)
        return prepared

    def fitted(self, seed: int) -> Encoder | None:
        """The encoder fitted on the training rows of ``seed``, or None if there is no preprocessing."""
        return self.finished or self._fitted(self.split.draw(seed)[0])

    def target_center_and_scale(self, seed: int) -> tuple[Tensor, float]:
        """[outputs] float64 and a number: target = prepared y · scale + center."""
        return self._center_and_scale(self.split.draw(seed)[0])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_remembered": OrderedDict()}  # another process prepares for itself

    def _fitted(self, train: np.ndarray) -> Encoder | None:
        return None if self.fit is None else self.fit(self.inputs[train])

    def _inputs(self, train: np.ndarray) -> Tensor:
        fitted = self._fitted(train)
        return self.inputs if fitted is None else torch.from_numpy(fitted(self.inputs))

    def _plain_targets(self) -> Tensor:
        return self.targets.float() if self.targets.is_floating_point() else self.targets

    def _center_and_scale(self, train: np.ndarray) -> tuple[Tensor, float]:
        if not self.standardize:
            return torch.zeros(self.targets.shape[1:], dtype=torch.float64), 1.0
        center = self.targets[train].mean(0)
        return center, float((self.targets[train] - center).square().mean().sqrt()) or 1.0

    def _remember(self, seed: int, prepared: Prepared) -> None:
        self._remembered[seed] = prepared
        own = [one for one in prepared[:5] if isinstance(one, Tensor)]
        own = [one for one in own if one is not self.inputs and one is not self.targets]
        each = sum(part.nbytes for part in own)
        while len(self._remembered) > 1 and len(self._remembered) * each > REMEMBERED_BYTES:
            self._remembered.popitem(last=False)


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
