"""A user's ``torch.optim.Optimizer`` class as a technique: its card and its numbers, read from the class.

Where shoal's rules are functions of one member's flat vector, such a class keeps its own state and moves the
parameters in place, so the engine makes one object a member and lets them step one after another.
"""

import inspect
import math
from collections import namedtuple
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import torch
from torch import nn

from shoal.errors import UserError
from shoal.techniques.card import Card, Domain, Range

_AROUND = 100.0  # search starts from a hundredth of the default and goes to a hundredfold


class TorchOptimizer(ModuleType):
    """Stands where a technique's module stands: CARD and Hyper, but ``make`` in place of init and update.

    Hyper: the numbers with a default among the constructor's arguments (lr, weight_decay, eps, ...); what is
    no number (betas, foreach) stays at its default. Search ranges: lr and weight decay around their
    defaults. CARD.state is counted after one step of two small parameters.
    given: what the user wrote, for messages. Raises UserError for a constructor that needs more than
    parameters, has no number or fails, and for a step that needs a closure or fails.
    """

    Hyper: Any

    def __init__(self, kind: Any, given: str):
        super().__init__(f"{kind.__module__}.{kind.__name__}", inspect.getdoc(kind))
        self.kind, self.given = kind, given
        self._check_step()
        signature = inspect.signature(kind).parameters.values()
        self._check_arguments(list(signature)[1:])
        state, defaults = self._tried()
        numbers = {one.name: one.default for one in signature if _is_number(one.default)}
        if any(one.kind is one.VAR_KEYWORD for one in signature):
            numbers |= {name: value for name, value in defaults.items() if _is_number(value)}
        if not numbers:
            raise UserError(f"{given} has no argument with a number as its default, like lr=0.01: add one")
        self.defaults = numbers
        self.Hyper = namedtuple("Hyper", list(numbers), defaults=list(numbers.values()))  # type: ignore[misc]
        ranged = [name for name in ("lr", "weight_decay") if numbers.get(name, 0) > 0]
        self.CARD = Card(
            summary=(inspect.getdoc(kind) or kind.__name__).strip().splitlines()[0],
            paper="a class of the user's own",
            ranges={name: Range(numbers[name] / _AROUND, numbers[name] * _AROUND, True) for name in ranged},
            domain={name: _domain(name, value) for name, value in numbers.items()},
            scope="torch",
            state=state,
            torch=f"optimizer = {kind.__name__}(model.parameters(), {_keywords(numbers)})",
        )

    def make(self, parameters: Iterable[nn.Parameter], hyper: Any) -> torch.optim.Optimizer:
        """An optimizer of these parameters, with ``hyper`` (a Hyper of plain numbers)."""
        numbers = {}
        for name, value in hyper._asdict().items():
            whole = isinstance(self.defaults[name], int) and float(value).is_integer()
            numbers[name] = int(value) if whole else float(value)
        made: torch.optim.Optimizer = self.kind(parameters, **numbers)
        return made

    def _check_step(self) -> None:
        closure = inspect.signature(self.kind.step).parameters.get("closure")
        if closure is not None and closure.default is closure.empty:
            raise UserError(
                f"{self.given} needs a closure that evaluates the loss again within a step, which is not "
                "supported: give a class whose step works without one"
            )

    def _check_arguments(self, arguments: list[inspect.Parameter]) -> None:
        for one in arguments:
            if one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL):
                raise UserError(
                    f"{self.given} needs the argument {one.name!r}, and only parameters are given: set a "
                    f"default for it, like lr=0.01"
                )

    def _tried(self) -> tuple[int, dict[str, Any]]:
        """One step of a matrix and a bias: the numbers kept for each of theirs, and the class's defaults."""
        parameters = [nn.Parameter(torch.ones(3, 2)), nn.Parameter(torch.ones(2))]
        try:
            made = self.kind(parameters)
            for one in parameters:
                one.grad = torch.full_like(one, 0.5)
            made.step()
        except Exception as error:
            raise UserError(f"{self.given} raised {type(error).__name__}: {error}") from error
        kept = [value for own in made.state.values() for value in own.values() if torch.is_tensor(value)]
        count = sum(value.numel() for value in kept if value.ndim)
        return math.ceil(count / sum(one.numel() for one in parameters)), dict(made.defaults)


def _keywords(names: Iterable[str]) -> str:
    """lr={lr}, eps={eps}: a template of the class's call."""
    return ", ".join(f"{name}={{{name}}}" for name in names)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _domain(name: str, default: float) -> Domain:
    if name == "lr" and default > 0:
        return Domain(0.0, open_low=True)
    return Domain(0.0) if default >= 0 else Domain()
