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
from shoal.techniques.kinds import Seen

States = Sequence[dict[str, Any]]
Look = Callable[[Tensor], None]


class ProgramWalk:
    """A rule that has a program, on the CPU: in each phase scalars once, then piece after piece.

    apart: whether each parameter has sums and numbers of its own (scope "tensor"). They are computed for all
    parameters together, as tensors [parameters], hyperparameters as [1]; otherwise they are [].
    """

    def __init__(
        self,
        program: Program,
        parameters: Sequence[Tensor],
        states: States,
        dtype: torch.dtype,
        scratch: pieces.Scratch,
        apart: bool = False,
    ):
        self.program, self.parameters, self.scratch, self.dtype = program, list(parameters), scratch, dtype
        self.apart = apart
        own = dict(zip(map(id, parameters), states, strict=True))
        small = [one for one in parameters if one.numel() <= pieces.SMALL]
        large = [one for one in parameters if one.numel() > pieces.SMALL]
        self.parts: list[pieces.Packed | pieces.Cut] = [
            pieces.Packed(bucket, [own[id(one)] for one in bucket], program.vectors, dtype, scratch, apart)
            for bucket in pieces.buckets(small)
        ]
        self.crowded = len(self.parts) > 1  # the scratch then holds another of them in the next phase
        self.parts += [pieces.Cut(one, own[id(one)], program.vectors, dtype) for one in large]
        walked = [*small, *large]
        share = _stacked if apart else _shared
        self.scalars = share([own[id(one)] for one in walked], program.scalars)
        alike = all(one.dtype == dtype for one in parameters)
        self.straight = program.straight if alike and not apart else None
        self.hyper: list[Tensor] = []
        self.values: tuple[Any, ...] = ()

    def step(self, hyper: Any, loss: Tensor | None, title: str, look: Look) -> None:
        """One step of all parameters; ``look`` is shown each piece's gradient."""
        if self.program.reads_loss:
            loss = needed_loss(loss, title, torch.empty((), dtype=self.dtype))
        once, totals = self.program.once(self._numbers(hyper), self.scalars, loss), None
        for phase in range(len(self.program.over)):
            numbers = once.send(totals)
            if self.straight is not None:
                self._add(numbers[self.straight], look)
            else:
                totals = self._over(phase, numbers, look)
        for scalar, new in zip(self.scalars, once.send(totals), strict=True):
            scalar.copy_(new)

    def _over(self, phase: int, numbers: tuple[Any, ...], look: Look) -> list[Tensor]:
        """One walk over all pieces; gives its sums."""
        over, hows, buffers = self.program.over[phase], self.program.sums[phase], self.program.buffers
        gathers, scatters = not phase or self.crowded, phase == len(self.program.over) - 1 or self.crowded
        totals, first = [], 0
        for part in self.parts:
            last = first + len(part.parameters)
            own = [part.spread(_of(one, first, last)) for one in numbers] if self.apart else numbers
            first, found = last, []
            for gradient, parameter, state in part.pieces(gathers, scatters):
                if not phase:
                    look(gradient)
                scratch = self.scratch.buffers(buffers, len(gradient))
                found.append(over(gradient, parameter, state, scratch, own, part.reduced))
            totals.append(list(map(_whole, hows, zip(*found, strict=True))))
        each = zip(*totals, strict=True)
        if self.apart:
            return [torch.cat([one.reshape(-1) for one in sums]) for sums in each]
        return list(map(_whole, hows, each))

    def _add(self, factor: Any, look: Look) -> None:
        gradients = [one.grad for one in self.parameters if one.grad is not None]
        for one in gradients:
            look(one)
        torch._foreach_add_(self.parameters, gradients, alpha=factor)

    def _numbers(self, hyper: Any) -> list[Tensor]:
        """The hyperparameters as tensors of float64: made anew only where one has changed."""
        values = tuple(float(one) for one in hyper)
        if values != self.values:
            self.values = values
            self.hyper = [torch.tensor([one] if self.apart else one, dtype=torch.float64) for one in values]
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


@cache
def is_flat(rule: Any) -> bool:
    """Whether a rule does the same to a matrix as to the vector of its numbers: found by asking it."""
    generator = torch.Generator().manual_seed(0)
    matrix, *gradients = torch.randn(3, 3, 5, generator=generator, dtype=torch.float64)
    told = []
    for parameter in (matrix, matrix.reshape(-1)):
        hyper, state = rule.Hyper(), rule.init(parameter, rule.Hyper())
        for gradient in gradients:
            seen = Seen(gradient.view_as(parameter), torch.ones(()), torch.zeros((), dtype=torch.int64))
            change, state = rule.update(seen, state, parameter, hyper)
            parameter = parameter + change
        told.append([leaf.reshape(-1) for leaf in (parameter, *state)])
    shapes = [[one.shape for one in leaves] for leaves in told]
    return shapes[0] == shapes[1] and all(map(torch.allclose, *told))


def _whole(how: Callable[[Tensor], Tensor], sums: Sequence[Tensor]) -> Tensor:
    """A sum or norm of all numbers from those of the pieces, in their order."""
    return sums[0] if len(sums) == 1 else how(torch.stack(list(sums)))


def _shared(states: States, names: tuple[str, ...]) -> list[Tensor]:
    """Each number once, the same tensor in all states."""
    shared = [states[0][name].clone() for name in names]
    for own in states:
        own.update(zip(names, shared, strict=True))
    return shared


def _stacked(states: States, names: tuple[str, ...]) -> list[Tensor]:
    """Each number of all states as one tensor [states], of which they show their parts."""
    stacked = [torch.stack([own[name] for own in states]) for name in names]
    for name, whole in zip(names, stacked, strict=True):
        for own, part in zip(states, whole.unbind(), strict=True):
            own[name] = part
    return stacked


def _of(numbers: Any, first: int, last: int) -> Any:
    """Of a list or tensor of one number for each parameter those of some; one for all stays alone."""
    if isinstance(numbers, Tensor) and numbers.numel() == 1:
        return numbers.reshape(1).expand(last - first)
    return numbers[first:last] if len(numbers) > 1 else numbers


def joined(tensors: Sequence[Any]) -> Tensor:
    """All numbers of the tensors as one vector."""
    return torch.cat([one.detach().reshape(-1) for one in tensors])
