"""Operators with a leading dimension of members, which a trace holds as one node each.

torch's vmap needs a rule for an operator of one's own. Here it is the same for all: its dimension becomes,
with that of members, the first one.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Operator(NamedTuple):
    """schema: arguments and results. function: by torch's operations. shapes: results without numbers."""

    schema: str
    function: Callable[..., Any]
    shapes: Callable[..., Any]


def define(namespace: str, operators: Mapping[str, Operator]) -> torch.library.Library:
    """Makes ``torch.ops.<namespace>.<name>`` of each, whose arguments and results are all tensors [members,
    ...]. The library takes its operators with it: keep it. A namespace is defined once."""
    library = torch.library.Library(namespace, "DEF")
    for name, operator in operators.items():
        library.define(name + operator.schema)
        library.impl(name, operator.function, "CompositeExplicitAutograd")
        torch.library.register_fake(f"{namespace}::{name}", operator.shapes)
        torch.library.register_vmap(f"{namespace}::{name}", _over_members(namespace, name))
    return library


def _over_members(namespace: str, name: str) -> Callable[..., Any]:
    def rule(info: Any, dimensions: Any, *given: Tensor) -> Any:
        many = [
            one.expand(info.batch_size, *one.shape) if place is None else one.movedim(place, 0)
            for one, place in zip(given, dimensions, strict=True)
        ]
        operator = getattr(getattr(torch.ops, namespace), name)
        made = operator(*(one.flatten(0, 1) for one in many))
        members = many[0].shape[1]
        return tuple(one.unflatten(0, (info.batch_size, members)) for one in made), (0,) * len(made)

    return rule
