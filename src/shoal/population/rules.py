"""Optimizers for the rows of a stack: one program a rule, every hyperparameter different by member.

The flat order of a rule program's tensors is: flat [members, parameters], gradient [members, parameters],
loss [members], key [members], the fields of Hyper [members] each, the leaves of State ([members] or
[members, parameters] each). It changes flat and the state in place.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor
from torch.func import vmap

from shoal.errors import UserError
from shoal.population.package import Example, Program
from shoal.techniques.kinds import Seen

_OFFERED: frozenset[str] = frozenset()  # what ``seen`` can hold beside gradient, loss and key


def check(name: str, rule: ModuleType) -> None:
    """Raises UserError if the engine cannot give the rule what its card needs."""
    missing = sorted(set(rule.CARD.needs) - _OFFERED)
    if missing:
        raise UserError(
            f"optimizer {name!r} needs {', '.join(missing)}, which this engine cannot give: choose another"
        )
    if rule.CARD.scope == "tensor":
        raise UserError(
            f"optimizer {name!r} has scope 'tensor', which this engine cannot train: use 'member'"
        )


def first_state(rule: ModuleType, flat: Tensor, hyper: Sequence[Tensor]) -> list[Tensor]:
    """The rule's first state for each row of flat [members, parameters], as leaves stacked by member."""

    def make(one: Tensor, own: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(rule.init(one, rule.Hyper(*own)))

    return [leaf.contiguous().clone() for leaf in vmap(make)(flat, tuple(hyper))]


def rule_function(rule: ModuleType) -> Callable[..., list[Tensor]]:
    """All members' step, in place."""
    fields = len(rule.Hyper._fields)

    def one(flat, gradient, loss, key, hyper, state):
        change, after = rule.update(Seen(gradient, loss, key), rule.State(*state), flat, rule.Hyper(*hyper))
        return flat + change, tuple(after)

    def run(flat, gradient, loss, key, *numbers):
        hyper, state = numbers[:fields], numbers[fields:]
        moved, after = vmap(one)(flat, gradient, loss, key, hyper, state)
        flat.copy_(moved)
        for old, new in zip(state, after, strict=True):
            old.copy_(new)
        return []

    return run


def rule_program(
    name: str, rule: ModuleType, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> Program:
    """The traced program of an optimizer, for any numbers of members and parameters."""

    def make() -> Example:
        flat = torch.zeros(3, 11, dtype=dtype, device=device)
        member = flat.new_zeros(3)
        hyper = [member for _ in rule.Hyper._fields]
        state = first_state(rule, flat, hyper)
        inputs = [flat, flat, member, member.long(), *hyper, *state]
        inputs = [value.clone() for value in inputs]
        return Example(rule_function(rule), inputs, [set(range(value.ndim)) for value in inputs])

    label = f"{name} {dtype} {device} {Path(rule.__file__ or '').read_text()}"
    return Program(f"rule-{Path(name).stem}", make, label, per_member=True)
