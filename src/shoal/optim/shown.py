"""What a rule is shown at a step of a plain training loop."""

from typing import Any

import torch
from torch import Tensor

from shoal.errors import UserError


class Shown:
    """As ``kinds.Seen``: gradient [*shape], loss [], noise key [] (int64), the last two only when asked for.

    The loss is that of the closure or of ``step(loss=...)``; without either a rule that asks for it raises
    UserError. The key is drawn from torch's generator, so ``torch.manual_seed`` fixes it.
    """

    def __init__(self, gradient: Tensor, given: Tensor | None, title: str):
        self.gradient, self.given, self.title = gradient, given, title

    @property
    def loss(self) -> Tensor:
        return needed_loss(self.given, self.title, self.gradient)

    @property
    def key(self) -> Tensor:
        return torch.randint(1 << 62, (), dtype=torch.int64)

    def _replace(self, **changed: Any) -> "Shown":
        return Shown(changed.get("gradient", self.gradient), self.given, self.title)


def needed_loss(given: Tensor | None, title: str, like: Tensor) -> Tensor:
    """The loss [] with the type and device of ``like``; UserError if none was given."""
    if given is None:
        raise UserError(
            f"shoal.optim.{title} steps by the loss, and got none: call optimizer.step(loss=loss), or "
            "optimizer.step(closure) with a closure that returns it"
        )
    return given.to(like.device, torch.promote_types(like.dtype, torch.float32))
