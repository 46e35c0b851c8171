"""A user's own loss: a function of a batch, taken row by row, as rows may not count and members differ."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from shoal.errors import UserError
from shoal.tasks.own_network import call

_RELATIVE, _ABSOLUTE = 2e-5, 1e-6  # single precision's disagreement of two ways to the same mean


@dataclass(frozen=True, eq=False)
class OwnLoss:
    """function: (outputs [rows, *output], targets [rows, *target]) → one number, the mean over rows.

    output, target: shapes of one row. classes: whether targets are whole numbers (int64), else floats.
    """

    function: Callable[[Tensor, Tensor], Tensor]
    output: tuple[int, ...]
    target: tuple[int, ...]
    classes: bool

    def rows(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of each row, [rows]: of batches of one row."""
        if self.is_cross_entropy:
            return self._cross_entropy(output, target)
        return torch.vmap(lambda one, its: self.function(one[None], its[None]))(output, target)

    @property
    def is_cross_entropy(self) -> bool:
        """Whether it is torch's cross-entropy of classes [rows], plain or smoothed, which is written out: the
        trace of torch's own holds for one number of members only."""
        plain = self.function is nn.functional.cross_entropy
        if isinstance(self.function, nn.CrossEntropyLoss):
            plain = type(self.function) is nn.CrossEntropyLoss and self.function.weight is None
            plain = plain and self.function.reduction == "mean" and self.function.ignore_index < 0
        return plain and self.classes and not self.target and len(self.output) == 1

    def _cross_entropy(self, output: Tensor, target: Tensor) -> Tensor:
        score = torch.log_softmax(output, -1)
        chosen = (target[:, None] == torch.arange(score.shape[-1], device=score.device)).to(score.dtype)
        smoothing = getattr(self.function, "label_smoothing", 0.0)
        return -(score * (chosen * (1 - smoothing) + smoothing / score.shape[-1])).sum(-1)

    def of_nothing(self, target: Tensor) -> float:
        """The mean loss of outputs that are all zero against targets [rows, *target]."""
        return float(self.rows(torch.zeros(len(target), *self.output), target).double().mean())


def check(loss: OwnLoss, output: Tensor, target: Tensor) -> None:
    """Compare the loss of a batch with the mean over its rows; leaves torch's random state as it was.

    Raises UserError where the loss fails, is no finite number, has parameters of its own (nobody would train
    them), cannot be taken row by row, or is not the mean over rows.
    """
    if isinstance(loss.function, nn.Module) and any(True for _ in loss.function.parameters()):
        raise UserError("the loss has parameters, which nobody would train; make them a part of the network")
    shapes = f"given outputs of shape {list(output.shape)} and targets of shape {list(target.shape)},"
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        whole = call(f"the loss, {shapes}", loss.function, output, target)
        if not isinstance(whole, Tensor) or whole.ndim or not whole.is_floating_point():
            raise UserError(f"the loss, {shapes} returned {_described(whole)}; one number is needed")
        if not whole.isfinite():
            raise UserError(f"the loss, {shapes} is {float(whole)}: it must be finite where training begins")
        each = call("the loss, taken row by row with torch.vmap,", loss.rows, output, target)
    if each.ndim != 1:
        raise UserError(f"the loss of a single row has shape {list(each.shape[1:])}; one number is needed")
    mean = each.mean()
    if not torch.isclose(mean, whole, _RELATIVE, _ABSOLUTE):
        raise UserError(
            f"the loss of {len(each)} rows together is {float(whole):.6g}, but the mean of their own is "
            f"{float(mean):.6g}: a loss must be a mean over rows (reduction='mean', and no class weights in "
            "nn.CrossEntropyLoss, which divides by their sum; weigh with reduction='none' and a plain mean)"
        )


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {list(value.shape)} ({value.dtype})"
    return type(value).__name__
