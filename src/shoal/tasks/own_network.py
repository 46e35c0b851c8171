"""A user's own network: fresh copies with new random weights, and one check that it fits the task."""

import copy
import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from shoal.errors import UserError

Result = TypeVar("Result")


@dataclass(frozen=True)
class FreshCopies:
    """A factory from one instance: deep copies, their parameters drawn anew under the caller's torch seed."""

    module: nn.Module

    def __call__(self) -> nn.Module:
        made = copy.deepcopy(self.module)
        for part in reversed(list(made.modules())):  # as in construction: the whole has the last word
            reset = _reset(part)
            if reset is not None:
                reset()
        return made


def factory(network: nn.Module | Callable[[], nn.Module]) -> tuple[Callable[[], nn.Module], list[str]]:
    """A factory of ``network``, an instance or a factory already, and what to tell the user about it."""
    if not isinstance(network, nn.Module):
        if not callable(network):
            raise UserError(
                f"network is {network!r}, neither a torch.nn.Module nor a function that makes one"
            )
        return network, []
    kept = [
        f"{name}.{parameter}".lstrip(".")
        for name, part in network.named_modules()
        if _reset(part) is None
        for parameter, _ in part.named_parameters(recurse=False)
    ]
    if not kept:
        return FreshCopies(network), []
    note = "these parameters start equal for every seed, as their modules have no reset_parameters(): "
    return FreshCopies(network), [note + ", ".join(kept)]


def check(make: Callable[[], nn.Module], x: Tensor, outputs: int) -> None:
    """Run one small batch, [rows, *features] → [rows, outputs]; UserError if the network does not do that.

    Leaves torch's random state as it was.
    """
    batch = x[:4]
    result = first_output(make, batch)
    if not isinstance(result, Tensor):
        raise UserError(f"the network returned {type(result).__name__}; one tensor is needed")
    if tuple(result.shape) != (len(batch), outputs):
        raise UserError(
            f"the network turns inputs of shape {_shape(batch)} into outputs of shape {_shape(result)}; "
            f"this task needs [{len(batch)}, {outputs}]"
        )


def first_output(make: Callable[[], nn.Module], batch: Tensor) -> Any:
    """What a new network returns for ``batch``, [rows, *features], in evaluation.

    Leaves torch's random state as it was. Raises UserError if the factory or the network fails, and for a
    network with parameters that are not to be trained, or with none.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        network = call("the network's factory", make)
        if not isinstance(network, nn.Module):
            raise UserError(f"the network's factory returned {type(network).__name__}, not a torch.nn.Module")
        made = call(f"the network, given inputs of shape {_shape(batch)},", network.eval(), batch)
        if isinstance(made, Tensor):
            _check_trained(network)
        return made


def _check_trained(network: nn.Module) -> None:
    """A population trains all parameters of a network, so frozen ones are refused, and none at all."""
    frozen = [name for name, one in network.named_parameters() if not one.requires_grad]
    if frozen:
        raise UserError(
            f"{len(frozen)} parameters of the network do not require a gradient, like {frozen[0]!r}, and a "
            "population trains all: make them buffers (register_buffer), or set requires_grad"
        )
    if not any(one.numel() for one in network.parameters()):
        raise UserError("the network has no parameters, so there is nothing to train")


def call(what: str, function: Callable[..., Result], *arguments: Any) -> Result:
    """``function(*arguments)``, a user's code: whatever it raises becomes a UserError that says where."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        message = str(error).strip() or "no message"
        raise UserError(f"{what} raised {type(error).__name__}{_place(error)}: {message}") from error


def _place(error: BaseException) -> str:
    """Where in the user's own files an error arose: the innermost line that belongs to no package."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the call above
    others = ("<", sysconfig.get_path("stdlib"), str(Path(__file__).parents[1]))
    own = [
        one for one in frames if not one.filename.startswith(others) and "site-packages" not in one.filename
    ]
    return f" at {own[-1].filename}:{own[-1].lineno}" if own else ""


def _reset(part: nn.Module) -> Callable[[], None] | None:
    """How a module draws its own parameters; torch's attention and Transformer write an underscore."""
    return getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)


def _shape(x: Tensor) -> str:
    return str(list(x.shape))
