"""A task: data, loss and metric; test rows are fixed, train and validation rows are drawn by seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from torch import Tensor, nn


class Prepared(NamedTuple):
    """The data as one seed sees them, preprocessing fitted on that seed's training rows only.

    x: [rows, *features] float32. y: [rows] int64 classes, or [rows, outputs] float32, standardized.
    train, valid, test: int64 row numbers. scale: a standardized error times this is in the target's unit.
    Tasks whose preparation does not depend on the seed return the very same ``x`` and ``y`` objects.
    """

    x: Tensor
    y: Tensor
    train: Tensor
    valid: Tensor
    test: Tensor
    scale: float


@dataclass(frozen=True)
class Task:
    """What is to be learned.

    name: for people and file names. kind decides loss (cross-entropy, mean squared error) and ``metric``.
    features: shape of one prepared row; it must not depend on the seed. outputs: classes, or target numbers.
    train_rows: how many rows a seed trains on (the same for every seed).
    prepare: seed → Prepared. network: a factory of the user's own module, or None for the built-in ones.
    fingerprint: hash of the data, so that a resumed run notices other data. notes: what the user should be
    told (columns left out, rows dropped, classification or regression and why), a sentence each.
    """

    name: str
    kind: Literal["classification", "regression"]
    metric: Literal["accuracy", "rmse"]
    features: tuple[int, ...]
    outputs: int
    train_rows: int
    prepare: Callable[[int], Prepared]
    fingerprint: str
    network: Callable[[], nn.Module] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger metric is better."""
        return self.metric == "accuracy"
