"""A task from tensors or arrays in memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shoal.errors import UserError
from shoal.tasks import own_network
from shoal.tasks.imbalance import metric_for
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import TEST_SHARE, VALID_SHARE, split
from shoal.tasks.task import Task


def from_arrays(
    x: Any,
    y: Any,
    network: nn.Module | Callable[[], nn.Module] | None = None,
    *,
    test: tuple[Any, Any] | None = None,
    classes: int | None = None,
    name: str = "own",
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
) -> Task:
    """The task to predict ``y`` from ``x``, with ``network`` or a built-in one.

    x: [rows, *features] numbers, taken as they are (no preprocessing) in float32, without a copy if they
    are that already. y: [rows] integers from 0 for classes, or [rows] or [rows, outputs] floats for
    regression, which are standardized by each seed's training rows.
    network: a factory, or an instance that is copied and drawn anew for every seed. test: ``(x, y)`` of an
    official test part; otherwise ``test_share`` of the rows. classes: how many there are, if not all
    of them occur in ``y``.
    Raises UserError for lengths or shapes that do not fit, NaN or infinity, too few rows, a constant
    target, and a network that fails on one batch or does not return [rows, classes or outputs].
    """
    inputs, targets = _inputs(x, "x"), own_targets(y, "y")
    _check_lengths(inputs, targets, "x", "y")
    test_rows = None
    if test is not None:
        test_inputs, test_targets = _test_part(test, inputs, targets)
        _check_seen(targets, test_targets)
        test_rows = np.arange(len(inputs), len(inputs) + len(test_inputs))
        inputs, targets = torch.cat([inputs, test_inputs]), torch.cat([targets, test_targets])
    regression = targets.is_floating_point()
    outputs = targets.shape[1] if regression else number_of_classes(targets, classes)
    labels = None if regression else targets.numpy()
    rows = split(len(inputs), labels, test=test_rows, test_share=test_share, valid_share=valid_share)
    metric, imbalance = ("rmse", ()) if labels is None else metric_for(labels)
    notes = [kind_reason(targets), *imbalance]
    make = None
    if network is not None:
        make, said = own_network.factory(network)
        own_network.check(make, inputs, outputs)
        notes += said
    return Task(
        name=name,
        kind="regression" if regression else "classification",
        metric=metric,
        features=tuple(inputs.shape[1:]),
        outputs=outputs,
        train_rows=rows.train_rows,
        prepare=Preparation(rows, inputs, targets, standardize=regression),
        fingerprint=fingerprint((inputs, targets, rows.test, valid_share)),
        network=make,
        notes=tuple(notes),
    )


def _inputs(x: Any, what: str) -> Tensor:
    found = _tensor(x, what)
    if found.ndim < 2:
        raise UserError(f"{what} has shape {list(found.shape)}; [rows, *features] is needed")
    if found.numel() == 0:
        raise UserError(f"{what} is empty: its shape is {list(found.shape)}")
    made = found.to(torch.float32)
    if not made.isfinite().all():
        row = int((~made.isfinite()).flatten(1).any(1).nonzero()[0])
        raise UserError(f"{what} holds NaN or infinity in single precision, first in row {row}")
    return made


def own_targets(y: Any, what: str) -> Tensor:
    """Classes [rows] int64, or numbers [rows, outputs] float64. Raises UserError for what is neither."""
    found = _tensor(y, what)
    if not found.is_floating_point():
        if found.ndim != 1:
            raise UserError(
                f"{what} holds integers, so classes, in shape {list(found.shape)}; [rows] is needed"
            )
        return found.to(torch.int64)
    if found.ndim not in (1, 2) or found.numel() == 0:
        raise UserError(f"{what} has shape {list(found.shape)}; [rows] or [rows, outputs] is needed")
    if not found.isfinite().all():
        row = int((~found.isfinite()).reshape(len(found), -1).any(1).nonzero()[0])
        raise UserError(f"{what} holds NaN or infinity, first in row {row}")
    made = found.to(torch.float64).reshape(len(found), -1)
    if (made == made[0]).all():
        raise UserError(f"{what} is constant; there is nothing to learn")
    return made


def _tensor(values: Any, what: str) -> Tensor:
    try:
        found = torch.as_tensor(values).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{what} is no array of numbers: {error}") from None
    if found.is_complex():
        raise UserError(f"{what} holds complex numbers; real ones are needed")
    return found


def _check_lengths(x: Tensor, y: Tensor, x_name: str, y_name: str) -> None:
    if len(x) != len(y):
        raise UserError(f"{x_name} has {len(x)} rows and {y_name} has {len(y)}; they must be as many")


def _test_part(test: tuple[Any, Any], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if not isinstance(test, tuple) or len(test) != 2:
        raise UserError("test must be a pair (x, y) of arrays")
    test_x, test_y = _inputs(test[0], "the test part's x"), own_targets(test[1], "the test part's y")
    _check_lengths(test_x, test_y, "the test part's x", "its y")
    for own, other, what in ((x, test_x, "x"), (y, test_y, "y")):
        if own.shape[1:] != other.shape[1:] or own.dtype != other.dtype:
            raise UserError(
                f"rows of {what} have shape {list(own.shape[1:])} ({own.dtype}), those of the test part "
                f"{list(other.shape[1:])} ({other.dtype}); they must be alike"
            )
    return test_x, test_y


def _check_seen(y: Tensor, test_y: Tensor) -> None:
    unseen = np.setdiff1d(test_y.numpy(), y.numpy())
    if len(unseen) and not y.is_floating_point():
        raise UserError(
            f"class {unseen[0]} is in the test part only, so it cannot be learned; leave its rows out of it"
        )


def number_of_classes(y: Tensor, stated: int | None) -> int:
    """How many classes there are, as stated or as ``y`` [rows] shows. Raises UserError if they do not fit."""
    low, high = int(y.min()), int(y.max())
    if low < 0:
        raise UserError(f"y holds the class {low}; classes are numbered from 0")
    if low == high:
        raise UserError(f"y is constant (class {low}); there is nothing to learn")
    if stated is None:
        absent = np.setdiff1d(np.arange(min(high + 1, len(y) + 1)), y.numpy())
        if len(absent):
            raise UserError(
                f"y holds classes up to {high}, but no row of class {absent[0]}; number them from 0 without "
                "a hole, say how many there are with classes=..., or give floats for regression"
            )
        return high + 1
    if stated <= high:
        raise UserError(f"y holds class {high}, so there are more than the {stated} classes stated")
    return stated


def kind_reason(y: Tensor) -> str:
    """Why a task is a classification or a regression, in a sentence."""
    if y.is_floating_point():
        return "regression, because y holds floats; they are standardized, and errors are in their own unit"
    return "classification, because y holds integers"
