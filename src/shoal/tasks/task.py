"""A task: data, loss and metric; test rows are fixed, train and validation rows are drawn by seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, cast

from torch import Tensor, nn

from shoal.errors import UserError
from shoal.tasks import metrics
from shoal.tasks.metrics import Kind, MetricName
from shoal.tasks.own_loss import OwnLoss
from shoal.tasks.streamed import Streamed


class Prepared(NamedTuple):
    """The data as one seed sees them, preprocessing fitted on that seed's training rows only.

    x: [rows, *features] float32; streamed, its rows are read when it is indexed. y: [rows] int64 classes, or
    [rows, outputs] float32, standardized; [rows, length] int64 of next tokens, -1 where none counts; for a
    loss of the user's own [rows, ...] as given.
    train, valid, test: int64 row numbers. scale: a standardized error times this is in the target's unit.
    Tasks whose preparation does not depend on the seed return the very same ``x`` and ``y`` objects.
    """

    x: Tensor | Streamed
    y: Tensor
    train: Tensor
    valid: Tensor
    test: Tensor
    scale: float


class Start(NamedTuple):
    """Weights that every member starts from. source: where they are. tensors: float32, by name."""

    source: str
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True)
class Task:
    """What is to be learned.

    name: for people and file names. kind decides loss (cross-entropy, mean squared error) and which metrics
    fit; "own" is what only a loss of the user's own knows; "language" predicts the next token at every place.
    features: shape of one prepared row; it must not depend on the seed. outputs: classes, or target numbers.
    train_rows: how many rows a seed trains on (the same for every seed).
    prepare: seed → Prepared. network: a factory of the user's own module, or None for the built-in ones.
    fingerprint: hash of the data, so that a resumed run notices other data. notes: what the user should be
    told (columns left out, rows dropped, classification or regression and why), a sentence each.
    batch_size: rows a step that a recipe starts from, if the data name them. loss: the user's own, in place
    of the kind's. vocabulary: how many different tokens the inputs are made of (whole numbers below it, of
    which 0 fills short rows up), or 0 where they are no tokens. start: weights of the user's own that
    members start from, in place of what an initializer draws.
    """

    name: str
    kind: Kind
    metric: MetricName
    features: tuple[int, ...]
    outputs: int
    train_rows: int
    prepare: Callable[[int], Prepared]
    fingerprint: str
    network: Callable[[], nn.Module] | None = None
    notes: tuple[str, ...] = field(default=())
    batch_size: int | None = None
    loss: OwnLoss | None = None
    vocabulary: int = 0
    start: Start | None = None

    @property
    def inputs(self) -> Literal["numbers", "image", "tokens", "text"]:
        """What a network is given, in a word (see ``shoal.networks.register.Inputs``)."""
        if self.kind == "language":
            return "text"
        if self.vocabulary:
            return "tokens"
        return "image" if len(self.features) == 3 else "numbers"

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger metric is better."""
        return metrics.find(self.metric).higher_is_better


def with_metric(task: Task, name: str) -> Task:
    """The task judged by another metric (see ``shoal.tasks.metrics``).

    Raises UserError for a name that does not exist and for a metric of the other kind of task.
    """
    if metrics.find(name).kind != task.kind:
        raise UserError(
            f"metric {name!r} is for {metrics.find(name).kind}, but task {task.name!r} is "
            f"{'known to its own loss only' if task.kind == 'own' else 'a ' + task.kind}; "
            f"choose among {', '.join(metrics.names(task.kind))}"
        )
    return replace(task, metric=cast(MetricName, name))
