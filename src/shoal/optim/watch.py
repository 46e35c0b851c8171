"""Says once when gradients are no longer finite."""

import math
import warnings

from torch import Tensor


class Watch:
    """Looks at one piece of the gradients at each step, in turn, which costs nothing to speak of.

    A parameter that has become NaN makes NaN gradients from then on, so a turn finds it. Training goes on, as
    with torch.optim: the warning is given once an optimizer.
    """

    def __init__(self, title: str):
        self.title, self.turn, self.seen, self.told = title, 0, 0, False

    def look(self, gradient: Tensor) -> None:
        """Looks at a gradient if it is its turn."""
        turn = not self.told and self.seen == self.turn
        self.seen += 1
        if not turn or math.isfinite(gradient.sum().item()) or gradient.isfinite().all():
            return
        self.told = True
        warnings.warn(
            f"shoal.optim.{self.title}: gradients hold NaN or infinity, so weights are lost from this step "
            "on; lower lr or clip the gradients (said once)",
            stacklevel=6,
        )

    def ended(self) -> None:
        """Behind a step: the next piece's turn."""
        self.turn, self.seen = (self.turn + 1) % max(self.seen, 1), 0
