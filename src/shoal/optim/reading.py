"""Optimizers whose evaluated weights are not those they train (schedule-free methods, averages)."""

from typing import Any

import torch
from torch import Tensor

from shoal import catalogue
from shoal.errors import UserError
from shoal.optim import keywords, walks
from shoal.optim.optimizer import RuleOptimizer

TRAINED = "trained"  # the entry of a state that holds the trained weights while others are evaluated


class ReadingOptimizer(RuleOptimizer):
    """``eval()`` puts the weights to be evaluated into the model, ``train()`` those that are trained.

    Both may be called any number of times. A state dict of either mode continues exactly.
    """

    @torch.no_grad()
    def eval(self) -> None:
        """The model holds the weights that are evaluated, until ``train()``."""
        for group in self.param_groups:
            if group.get("evaluating", False):
                continue
            rule = catalogue.find("optimizer", self.rule)
            begun = [one for one in group["params"] if self.state.get(one)]
            parts = [begun] if rule.CARD.scope == "member" else [[one] for one in begun]
            for part in parts:
                self._read(rule, part, keywords.hyper(rule, group, part[0].dtype))
            group["evaluating"] = True

    @torch.no_grad()
    def train(self) -> None:
        """The model holds the weights that are trained, until ``eval()``."""
        for group in self.param_groups:
            for one in group["params"]:
                if TRAINED in self.state.get(one, ()):
                    one.copy_(self.state[one].pop(TRAINED))
            group["evaluating"] = False

    def _step(self, loss: Tensor | None) -> None:
        if any(group.get("evaluating", False) for group in self.param_groups):
            raise UserError(
                f"shoal.optim.{self.title} is in evaluation: call optimizer.train() before the next step"
            )
        super()._step(loss)

    def _read(self, rule: Any, part: list[Tensor], hyper: Any) -> None:
        flat = rule.CARD.scope != "tensor"
        single = walks.numbers(rule) if flat else rule.State._fields
        states = [self.state[one] for one in part]
        state = rule.State(
            **{
                name: states[0][name] if name in single else walks.joined([own[name] for own in states])
                for name in rule.State._fields
            }
        )
        read = rule.read(state, walks.joined(part) if flat else part[0].detach(), hyper).reshape(-1)
        for one, values in zip(part, read.split([one.numel() for one in part]), strict=True):
            self.state[one][TRAINED] = one.detach().clone()
            one.copy_(values.view(one.shape))
