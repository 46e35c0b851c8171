"""What torch.optim's classes do beside their rule: maximize, L2 decay, decoupled decay, dampening, lr_decay.

    g ← -g (maximize),  g ← g + λθ (L2),  g ← (1-d)g from the second step on (dampening)
    η ← η/(1 + (t-1)·lr_decay),  change ← change - ηλθ (decoupled)

λ weight_decay · d dampening · θ parameter before the step · t step. ``Optioned`` is a rule itself, of the
same form as a technique's module. A heavy ball's step is linear in its gradients, so dampening is done there.
"""

from collections import namedtuple
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from shoal.techniques.numerics import precision


@dataclass(frozen=True, eq=True)
class Optioned:
    """``rule`` (a technique's module) with torch's options; Hyper and State have the fields these need."""

    rule: Any
    maximize: bool = False
    l2: bool = False
    decoupled: bool = False
    dampened: bool = False
    lr_decays: bool = False

    @property
    def CARD(self) -> Any:  # noqa: N802
        return self.rule.CARD

    @property
    def _counts(self) -> bool:
        return self.dampened or self.lr_decays

    @cached_property
    def Hyper(self) -> Any:  # noqa: N802
        more = {
            "weight_decay": self.l2 or self.decoupled,
            "dampening": self.dampened,
            "lr_decay": self.lr_decays,
        }
        defaults = self.rule.Hyper()._asdict() | {name: 0.0 for name, wanted in more.items() if wanted}
        return namedtuple("Hyper", list(defaults), defaults=list(defaults.values()))

    @cached_property
    def State(self) -> Any:  # noqa: N802
        return namedtuple("State", [*self.rule.State._fields, *(["count"] if self._counts else [])])

    def _own(self, hyper: Any) -> Any:
        return self.rule.Hyper(*(getattr(hyper, name) for name in self.rule.Hyper._fields))

    def init(self, parameter: Tensor, hyper: Any) -> Any:
        """The rule's state, and a step count where an option needs one."""
        count = [precision.zeros(parameter).new_zeros(())] if self._counts else []
        return self.State(*self.rule.init(parameter, self._own(hyper)), *count)

    def update(self, seen: Any, state: Any, parameter: Tensor, hyper: Any) -> tuple[Tensor, Any]:
        """The change to add to ``parameter``, and the state after it."""
        own, gradient = self._own(hyper), seen.gradient
        count = [state.count + 1] if self._counts else []
        if self.maximize:
            gradient = -gradient
        if self.l2:
            gradient = gradient + hyper.weight_decay * parameter
        if self.dampened:
            gradient = gradient * torch.where(count[0] > 1, 1 - hyper.dampening, 1.0)
        if self.lr_decays:
            own = own._replace(lr=own.lr / (1 + (count[0] - 1) * hyper.lr_decay))
        before = self.rule.State(*(getattr(state, name) for name in self.rule.State._fields))
        change, after = self.rule.update(seen._replace(gradient=gradient), before, parameter, own)
        if self.decoupled:
            change = change - own.lr * hyper.weight_decay * parameter
        return change, self.State(*after, *count)
