"""Loading a state exactly: torch casts loaded state to the parameter's type, and bfloat16 forgets."""

from collections import defaultdict
from typing import Any

from torch import Tensor

from shoal.errors import UserError


class Kept:
    """A saved state that torch's loading hands through as it is."""

    def __init__(self, state: dict[str, Any]):
        self.state = state


def wrapped(saved: dict[str, Any]) -> dict[str, Any]:
    """The state dict with every parameter's state hidden from torch's casts."""
    return saved | {"state": {key: Kept(own) for key, own in saved["state"].items()}}


def unwrapped(loaded: dict[Any, Any]) -> defaultdict[Any, dict[str, Any]]:
    """What torch made of ``wrapped``: copies on each parameter's device, in the type they were saved in."""
    state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
    for one, kept in loaded.items():
        own = kept.state if isinstance(kept, Kept) else kept
        device = one.device if isinstance(one, Tensor) else None
        state[one] = {
            name: leaf.detach().to(device, copy=True) if isinstance(leaf, Tensor) else leaf
            for name, leaf in own.items()
        }
    return state


def checked(title: str, rule: Any, states: list[dict[str, Any] | None]) -> None:
    """Raises UserError for a state that is not one of this rule."""
    for own in states:
        if own and not set(rule.State._fields) <= set(own):
            raise UserError(
                f"the loaded state has {', '.join(sorted(own))}, where shoal.optim.{title} keeps "
                f"{', '.join(rule.State._fields) or 'nothing'}: it was saved by another optimizer"
            )
