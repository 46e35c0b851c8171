"""What a task of one's own data aims at: from targets, network and loss to kind, metric and sizes."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from shoal.errors import UserError
from shoal.tasks import metrics, own_loss, own_network
from shoal.tasks.arrays import kind_reason, number_of_classes, own_targets
from shoal.tasks.imbalance import metric_for
from shoal.tasks.metrics import Kind, MetricName
from shoal.tasks.own_loss import OwnLoss

Factory = Callable[[], nn.Module]


class Aim(NamedTuple):
    """targets: [rows] int64 classes, [rows, outputs] float64 to be standardized, or, for a loss of one's own,
    [rows, ...] int64 or float32. outputs: classes, or numbers of a row's output."""

    kind: Kind
    metric: MetricName
    targets: Tensor
    outputs: int
    loss: OwnLoss | None
    notes: tuple[str, ...]


def usual(y: Tensor, make: Factory | None, few: Tensor, classes: int | None) -> Aim:
    """Classes by cross-entropy, or numbers by the squared error.

    few: the first inputs, which the network is tried on. classes: how many, if stated.
    Raises UserError for targets of another form and a network that does not return [rows, outputs].
    """
    targets = own_targets(y, "the target")
    regression = targets.is_floating_point()
    outputs = targets.shape[1] if regression else _classes(targets, make, few, classes)
    if make is not None:
        own_network.check(make, few, outputs)
    metric, said = ("rmse", ()) if regression else metric_for(targets.numpy())
    kind: Kind = "regression" if regression else "classification"
    return Aim(kind, metric, targets, outputs, None, (kind_reason(targets), *said))


def by_own_loss(
    y: Tensor,
    make: Factory | None,
    some: tuple[Tensor, Tensor],
    function: Callable[[Tensor, Tensor], Tensor],
    metric: str | None,
) -> Aim:
    """Whatever a loss of one's own asks for; targets are taken as they are.

    some: inputs and the number of their row each, over all of the data, which the loss is tried on.
    The metric is the loss, unless targets are classes and outputs a score for each, or ``metric`` is one of
    regression. Raises UserError where the network or the loss fails, or the metric does not fit.
    """
    if not callable(function):
        raise UserError(f"loss is {function!r}; a function of (outputs, targets) is needed")
    targets = _as_they_are(y) if make is not None else _for_built_in(_as_they_are(y))
    inputs, rows = some
    output = _output(make, inputs, targets)
    loss = OwnLoss(
        function, tuple(output.shape[1:]), tuple(targets.shape[1:]), not targets.is_floating_point()
    )
    if loss.is_cross_entropy and int(targets.min()) < 0:
        raise UserError(
            f"the target holds the class {int(targets.min())}; leave out rows that the loss is to ignore"
        )
    own_loss.check(loss, output, targets[rows])
    kind = _kind(targets, loss, metric)
    said: tuple[str, ...] = (f"targets are taken as they are, the metric is {metric or 'the loss'}",)
    named: MetricName = "rmse" if kind == "regression" else "loss"
    if kind == "classification":
        named, rare = metric_for(targets.numpy())
        said = ("classification, because targets are integers and outputs hold a number for each", *rare)
    return Aim(kind, named, targets, torch.Size(loss.output).numel(), loss, said)


def _kind(targets: Tensor, loss: OwnLoss, metric: str | None) -> Kind:
    """Which metrics fit; "own" is the loss alone, as for floats unless their distance is asked for."""
    scores = loss.classes and not loss.target and len(loss.output) == 1
    if scores and int(targets.min()) >= 0 and int(targets.max()) < loss.output[0]:
        return "classification"
    if metric is None or metrics.find(metric).kind != "regression":
        return "own"
    if loss.classes or loss.output != loss.target:
        raise UserError(
            f"metric {metric!r} compares numbers with numbers, but outputs of a row have shape "
            f"{list(loss.output)} and its targets {list(loss.target)} ({targets.dtype})"
        )
    return "regression"


def _output(make: Factory | None, inputs: Tensor, targets: Tensor) -> Tensor:
    """What a new network returns; for shoal's own, which fit any, random numbers of the shape they return."""
    if make is None:
        width = targets.shape[1] if targets.is_floating_point() else number_of_classes(targets, None)
        return torch.randn(len(inputs), width, generator=torch.Generator().manual_seed(0))
    made = own_network.first_output(make, inputs)
    if not isinstance(made, Tensor):
        raise UserError(f"the network returned {type(made).__name__}; one tensor is needed")
    if made.ndim == 0 or len(made) != len(inputs):
        raise UserError(
            f"the network turns {len(inputs)} rows into outputs of shape {list(made.shape)}; "
            "[rows, ...] is needed"
        )
    return made


def _for_built_in(targets: Tensor) -> Tensor:
    """Targets as shoal's own networks predict them: classes [rows], or numbers [rows, outputs]."""
    if targets.ndim > (2 if targets.is_floating_point() else 1):
        raise UserError(
            f"targets of a row have shape {list(targets.shape[1:])} ({targets.dtype}), which shoal's own "
            "networks do not predict; give a network"
        )
    return targets.reshape(len(targets), -1) if targets.is_floating_point() else targets


def _as_they_are(y: Tensor) -> Tensor:
    if not y.is_floating_point():
        return y.to(torch.int64)
    made = y.to(torch.float32)
    if not made.isfinite().all():
        row = int((~made.isfinite()).reshape(len(made), -1).any(1).nonzero()[0])
        raise UserError(f"the target holds NaN or infinity in single precision, first in row {row}")
    return made


def _classes(y: Tensor, make: Factory | None, few: Tensor, stated: int | None) -> int:
    """How many classes: as stated, as many as the network has outputs, or as the targets show."""
    if stated is None and make is not None:
        made = own_network.first_output(make, few)
        if isinstance(made, Tensor) and made.ndim == 2 and made.shape[1] > int(y.max()):
            stated = made.shape[1]
    return number_of_classes(y, stated)
