"""Optimizers and links for the rows of a stack: one program a technique, every number different by member.

The flat order of a program's tensors is: flat [members, *shape], gradient [members, *shape], for a link on
the change or at another point ``change`` or ``at`` [members, *shape], loss [members], key [members], the
fields of Hyper [members] each, the leaves of State [members, ...] each. *shape is [parameters], or, for
techniques of scope "tensor", one parameter's. What a program changes, it changes in place: the state, and

- a rule that moves: flat. A rule with a link on its change behind it returns the change instead.
- a link on the gradient: gradient. A link on the change: change. A link at another point: at.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import vmap

from shoal import catalogue
from shoal.errors import UserError
from shoal.population.package import Example, Program
from shoal.techniques.kinds import Seen

_OFFERED: frozenset[str] = frozenset()  # what ``seen`` can hold beside gradient, loss and key
_SIZES = (5, 4, 3, 2, 6)  # of an example parameter, all different


class Need(NamedTuple):
    """A program that a composition needs. what: "move", "change" (rules), "apply" (links). dimensions: of the
    parameter that a technique of scope "tensor" sees, None for a flat vector."""

    kind: str
    technique: str
    what: str
    dimensions: int | None


def check(name: str, rule: ModuleType) -> None:
    """Raises UserError if the engine cannot give the rule what its card needs."""
    missing = sorted(set(rule.CARD.needs) - _OFFERED)
    if missing:
        raise UserError(
            f"optimizer {name!r} needs {', '.join(missing)}, which this engine cannot give: choose another"
        )


def first_state(rule: Any, flat: Tensor, hyper: Sequence[Tensor]) -> list[Tensor]:
    """The first state for each row of flat [members, *shape], as leaves stacked by member."""

    def make(one: Tensor, own: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(rule.init(one, rule.Hyper(*own)))

    return [leaf.contiguous().clone() for leaf in vmap(make)(flat, tuple(hyper))]


def program(need: Need, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Program:
    """The traced program of a technique, for any numbers of members and parameters."""
    technique = catalogue.find(need.kind, need.technique)

    def make() -> Example:
        flat = torch.zeros(3, 131, dtype=dtype, device=device)
        seen = flat[:, :11].clone() if need.dimensions is None else _parameter(flat, need.dimensions)
        member = flat.new_zeros(3)
        hyper = [member for _ in technique.Hyper._fields]
        between = [seen] if getattr(technique, "PLACE", "") in ("change", "point") else []
        state = first_state(technique, seen, hyper)
        inputs = [seen, seen, *between, member, member.long(), *hyper, *state]
        inputs = [_alike(value) for value in inputs]
        return Example(function(need), inputs, [set(range(value.ndim)) for value in inputs])

    source = Path(technique.__file__ or "").read_text()
    label = f"{need.technique} {need.what} {need.dimensions} {dtype} {device} {source}"
    return Program(f"rule-{Path(need.technique).stem}", make, label, per_member=True)


def _parameter(flat: Tensor, dimensions: int) -> Tensor:
    """A view of a flat buffer, as in a stack: a package knows the strides it was made with."""
    sizes = torch.Size(_SIZES[:dimensions])
    return flat[:, : sizes.numel()].view(3, *sizes)


def _alike(value: Tensor) -> Tensor:
    """A copy with its own memory and the same strides."""
    made = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=value.device)
    return made.copy_(value)


def function(need: Need) -> Callable[..., list[Tensor]]:
    """What the program of a need traces."""
    technique = catalogue.find(need.kind, need.technique)
    if need.kind == "link":
        acting = {"gradient": _on_gradient, "change": _on_change, "point": _at_point}
        return acting[technique.PLACE](technique)
    return _moving(technique) if need.what == "move" else _changing(technique)


def _split(technique: Any, numbers: Sequence[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Hyperparameters and state."""
    fields = len(technique.Hyper._fields)
    return numbers[:fields], numbers[fields:]


def _keep(state: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    for old, new in zip(state, after, strict=True):
        old.copy_(new)


def _moving(rule: Any) -> Callable[..., list[Tensor]]:
    def one(flat, gradient, loss, key, hyper, state):
        change, after = rule.update(Seen(gradient, loss, key), rule.State(*state), flat, rule.Hyper(*hyper))
        return flat + change, tuple(after)

    def run(flat, gradient, loss, key, *numbers):
        hyper, state = _split(rule, numbers)
        moved, after = vmap(one)(flat, gradient, loss, key, hyper, state)
        flat.copy_(moved)
        _keep(state, after)
        return []

    return run


def _changing(rule: Any) -> Callable[..., list[Tensor]]:
    def one(flat, gradient, loss, key, hyper, state):
        change, after = rule.update(Seen(gradient, loss, key), rule.State(*state), flat, rule.Hyper(*hyper))
        return change, tuple(after)

    def run(flat, gradient, loss, key, *numbers):
        hyper, state = _split(rule, numbers)
        change, after = vmap(one)(flat, gradient, loss, key, hyper, state)
        _keep(state, after)
        return [change.contiguous()]

    return run


def _on_gradient(link: Any) -> Callable[..., list[Tensor]]:
    def one(flat, gradient, loss, key, hyper, state):
        made, after = link.apply(Seen(gradient, loss, key), link.State(*state), flat, link.Hyper(*hyper))
        return made, tuple(after)

    def run(flat, gradient, loss, key, *numbers):
        hyper, state = _split(link, numbers)
        made, after = vmap(one)(flat, gradient, loss, key, hyper, state)
        gradient.copy_(made)
        _keep(state, after)
        return []

    return run


def _on_change(link: Any) -> Callable[..., list[Tensor]]:
    def one(flat, gradient, change, loss, key, hyper, state):
        seen = Seen(gradient, loss, key)
        made, after = link.apply(seen, change, link.State(*state), flat, link.Hyper(*hyper))
        return made, tuple(after)

    def run(flat, gradient, change, loss, key, *numbers):
        hyper, state = _split(link, numbers)
        made, after = vmap(one)(flat, gradient, change, loss, key, hyper, state)
        change.copy_(made)
        _keep(state, after)
        return []

    return run


def _at_point(link: Any) -> Callable[..., list[Tensor]]:
    def one(flat, gradient, loss, key, hyper, state):
        own = link.Hyper(*hyper)
        after = link.probe(Seen(gradient, loss, key), link.State(*state), flat, own)
        return link.look(after, flat, own), tuple(after)

    def run(flat, gradient, at, loss, key, *numbers):
        hyper, state = _split(link, numbers)
        point, after = vmap(one)(flat, gradient, loss, key, hyper, state)
        at.copy_(point)
        _keep(state, after)
        return []

    return run
