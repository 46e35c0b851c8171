"""How a rule walks over the parameters of a group: by its program over pieces, or as it stands.

A walk belongs to a list of parameters that step together: those of a group that have gradients, and equal
step counts. It is made at the first step and again when that list changes, or the states are replaced.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from shoal.optim import pieces
from shoal.optim.program import Program
from shoal.optim.shown import Shown, needed_loss

States = Sequence[dict[str, Any]]
Look = Callable[[Tensor], None]


class ProgramWalk:
    """A rule of scope "element" on the CPU: scalars once, then its program over piece after piece."""

    def __init__(
        self,
        program: Program,
        parameters: Sequence[Tensor],
        states: States,
        dtype: torch.dtype,
        scratch: pieces.Scratch,
    ):
        self.program, self.parameters, self.scratch, self.dtype = program, list(parameters), scratch, dtype
        self.scalars = _shared(states, program.scalars)
        own = dict(zip(map(id, parameters), states, strict=True))
        small = [one for one in parameters if one.numel() <= pieces.SMALL]
        self.parts: list[pieces.Packed | pieces.Cut] = [
            pieces.Packed(bucket, [own[id(one)] for one in bucket], program.vectors, dtype, scratch)
            for bucket in pieces.buckets(small)
        ]
        self.parts += [
            pieces.Cut(one, own[id(one)], program.vectors, dtype)
            for one in parameters
            if one.numel() > pieces.SMALL
        ]
        alike = all(one.dtype == dtype for one in parameters)
        self.straight = program.straight if alike else None
        self.hyper: list[Tensor] = []
        self.values: tuple[Any, ...] = ()

    def step(self, hyper: Any, loss: Tensor | None, title: str, look: Look) -> None:
        """One step of all parameters; ``look`` is shown each piece's gradient."""
        if self.program.reads_loss:
            loss = needed_loss(loss, title, torch.empty((), dtype=self.dtype))
        numbers, after = self.program.once(self._numbers(hyper), self.scalars, loss)
        over, buffers = self.program.over, self.program.buffers
        if self.straight is not None:
            gradients = [one.grad for one in self.parameters if one.grad is not None]
            for one in gradients:
                look(one)
            torch._foreach_add_(self.parameters, gradients, alpha=numbers[self.straight])
            return
        for part in self.parts:
            for gradient, parameter, state in part.pieces():
                look(gradient)
                over(gradient, parameter, state, self.scratch.buffers(buffers, len(gradient)), numbers)
        for scalar, new in zip(self.scalars, after, strict=True):
            scalar.copy_(new)

    def _numbers(self, hyper: Any) -> list[Tensor]:
        """The hyperparameters as [] tensors of float64: made anew only where one has changed."""
        values = tuple(float(one) for one in hyper)
        if values != self.values:
            self.values = values
            self.hyper = [torch.tensor(one, dtype=torch.float64) for one in values]
        return self.hyper


class PlainWalk:
    """A rule as it stands, over one parameter in its own shape, or over several as one vector.

    In one vector the states of all parameters are parts of one tensor each, numbers are shared.
    """

    def __init__(self, rule: Any, parameters: Sequence[Tensor], states: States, flat: bool):
        self.rule, self.parameters, self.states, self.flat = rule, parameters, states, flat
        self.sizes = [one.numel() for one in parameters]
        self.names = rule.State._fields
        self.whole: dict[str, Tensor] = {}
        if not flat:
            self.whole = {name: states[0][name] for name in self.names}
            return
        scalars = numbers(rule)
        self.whole = dict(zip(scalars, _shared(states, scalars), strict=True))
        for name in self.names:
            if name not in scalars:
                self.whole[name] = whole = torch.cat([own[name].reshape(-1) for own in states])
                for own, part, like in zip(states, whole.split(self.sizes), parameters, strict=True):
                    own[name] = part.view(like.shape)

    def step(self, hyper: Any, loss: Tensor | None, title: str, look: Look) -> None:
        """One step of all parameters; ``look`` is shown the gradient."""
        gradients = [one.grad for one in self.parameters]
        gradient = joined(gradients) if self.flat else gradients[0]
        parameter = joined(self.parameters) if self.flat else self.parameters[0].detach()
        assert gradient is not None
        look(gradient)
        before = self.rule.State(*(self.whole[name] for name in self.names))
        change, after = self.rule.update(Shown(gradient, loss, title), before, parameter, hyper)
        moved = [new.clone() if any(new is old for old in before) else new for new in after]
        for old, new in zip(before, moved, strict=True):
            old.copy_(new)
        if not self.flat:
            self.parameters[0].add_(change)
            return
        for one, part in zip(self.parameters, change.split(self.sizes), strict=True):
            one.add_(part.view(one.shape))


Walk = ProgramWalk | PlainWalk


@cache
def numbers(rule: Any) -> tuple[str, ...]:
    """The fields of a flat rule's State that are one number for all parameters, not one each."""
    state = rule.init(torch.ones(2), rule.Hyper())
    return tuple(name for name, leaf in state._asdict().items() if not leaf.ndim)


def _shared(states: States, names: tuple[str, ...]) -> list[Tensor]:
    """Each number once, the same tensor in all states."""
    shared = [states[0][name].clone() for name in names]
    for own in states:
        own.update(zip(names, shared, strict=True))
    return shared


def joined(tensors: Sequence[Any]) -> Tensor:
    """All numbers of the tensors as one vector."""
    return torch.cat([one.detach().reshape(-1) for one in tensors])
