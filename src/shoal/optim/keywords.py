"""The keywords of a class, and how a parameter group's values become a rule and its Hyper.

Where torch.optim has a class of the name, its signature is torch's own, read from torch. A keyword that the
rule here cannot follow must stay at torch's default. Other classes have the fields of their Hyper, with
``betas`` for beta1, beta2 (and beta3).
"""

import difflib
import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor

from shoal import catalogue
from shoal.errors import UserError
from shoal.optim.options import Optioned
from shoal.techniques.card import Domain

_HOW = ("foreach", "fused")  # how torch walks the tensors; results are the same, so any value is accepted
_PAIRS = {
    "betas": ("beta1", "beta2", "beta3"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_min", "step_max"),
    "eps": ("eps1", "eps2"),
}
_OPTIONS = ("weight_decay", "maximize", "decoupled_weight_decay", "dampening", "lr_decay")
_NUMBERS = {"weight_decay": Domain(0.0), "dampening": Domain(), "lr_decay": Domain(0.0)}
_CHOOSES = {"SGD": ("momentum", "nesterov", "dampening"), "Adam": ("amsgrad",), "AdamW": ("amsgrad",)}
_OPTIONAL = {"SGD": ("dampening",), "Adagrad": ("lr_decay",)}


@cache
def signature(title: str, rule: str) -> inspect.Signature:
    """What the class ``title`` of the technique ``rule`` takes, ``params`` first."""
    twin = torch_twin(title)
    if twin is not None:
        return inspect.Signature(list(inspect.signature(twin.__init__).parameters.values())[1:])
    defaults = dict(catalogue.find("optimizer", rule).Hyper()._asdict())
    parts = [name for name in _PAIRS["betas"] if name in defaults]
    betas = tuple(defaults.pop(name) for name in parts) if len(parts) > 1 else ()
    taken = [inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for name, default in defaults.items():
        first = inspect.Parameter.POSITIONAL_OR_KEYWORD if name == "lr" else inspect.Parameter.KEYWORD_ONLY
        taken.append(inspect.Parameter(name, first, default=default))
    if betas:
        taken.append(inspect.Parameter("betas", inspect.Parameter.KEYWORD_ONLY, default=betas))
    return inspect.Signature(sorted(taken, key=lambda one: one.kind))


def torch_twin(title: str) -> type[torch.optim.Optimizer] | None:
    """torch.optim's class of the same name, if there is one."""
    twin = getattr(torch.optim, title, None)
    return twin if isinstance(twin, type) and issubclass(twin, torch.optim.Optimizer) else None


def unknown_keyword(title: str, name: str, known: Any) -> TypeError:
    """The error for a keyword that the class does not take: the nearest names first."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    ordered = near + [one for one in known if one not in near]
    hint = f"did you mean {near[0]!r}? " if near else ""
    return TypeError(f"shoal.optim.{title} has no keyword {name!r}; {hint}there are: {', '.join(ordered)}")


def chosen(title: str, rule: str, group: Mapping[str, Any]) -> Any:
    """The rule that a group's static choices (nesterov, amsgrad, maximize, ...) ask for."""
    return _chosen(title, rule, *(bool(group.get(name, False)) for name in _STATIC))


_STATIC = ("momentum", "nesterov", "amsgrad", *_OPTIONS)


@cache
def _chosen(title: str, rule: str, *flags: bool) -> Any:
    given = dict(zip(_STATIC, flags, strict=True))
    decays, decoupled = given["weight_decay"], given["decoupled_weight_decay"] or title == "AdamW"
    if torch_twin(title) is None:
        return catalogue.find("optimizer", rule)
    if title == "SGD" and given["momentum"]:
        rule = "nesterov" if given["nesterov"] else "momentum"
    if "amsgrad" in _CHOOSES.get(title, ()) and given["amsgrad"]:
        rule = "amsgrad"
    module = catalogue.find("optimizer", rule)
    decays = decays and "weight_decay" not in module.Hyper._fields
    dampened = given["dampening"] and rule == "momentum"
    made = Optioned(
        module, given["maximize"], decays and not decoupled, decays and decoupled, dampened, given["lr_decay"]
    )
    return made if made != Optioned(module) else module


def hyper(rule: Any, group: Mapping[str, Any], dtype: torch.dtype) -> Any:
    """The rule's Hyper of a group's values; tensors of one element are taken as [] tensors."""
    values = _flat(group, rule.Hyper._fields)
    if values.get("eps1", 0.0) is None:  # torch's Adafactor: the precision of the parameter
        values["eps1"] = torch.finfo(dtype).eps
    return rule.Hyper(**{n: one.reshape(()) if isinstance(one, Tensor) else one for n, one in values.items()})


def _flat(group: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    values = {name: group[name] for name in fields if name in group}
    for name, parts in _PAIRS.items():
        if name in group and name not in fields:
            values.update(
                (part, one) for part, one in zip(parts, group[name], strict=False) if part in fields
            )
    return values


def check(title: str, rule: str, group: Mapping[str, Any]) -> None:
    """Raises ValueError or TypeError for the first value of a group that the class cannot go by."""
    known = list(signature(title, rule).parameters)[1:]
    for name in group:
        if name not in known and difflib.get_close_matches(name, known, n=1, cutoff=0.8):
            raise unknown_keyword(title, name, known)
    _check_pairs(title, rule, group)
    module = chosen(title, rule, group)
    for name, value in _flat(group, module.Hyper._fields).items():
        if not (value is None and name == "eps1"):
            _check_number(title, name, value, module.CARD.domain.get(name, _NUMBERS.get(name)))
    for name in _NUMBERS:
        if name in known and name not in module.Hyper._fields:
            _check_number(title, name, group[name], _NUMBERS[name])
    if group.get("nesterov") and (not group["momentum"] or group["dampening"]):
        raise UserError(f"shoal.optim.{title}: nesterov=True needs momentum above 0 and dampening=0")
    _check_followed(title, rule, group)


def check_parameter(title: str, parameter: Tensor) -> None:
    """Raises UserError for a parameter that no rule can move."""
    if parameter.is_complex() or not parameter.is_floating_point():
        raise UserError(
            f"shoal.optim.{title} does not support complex parameters or whole numbers, and got one of "
            f"{parameter.dtype}: give real ones (torch.view_as_real)"
        )
    if parameter.layout is not torch.strided:
        raise UserError(f"shoal.optim.{title} requires dense parameter tensors")


def _check_pairs(title: str, rule: str, group: Mapping[str, Any]) -> None:
    taken = signature(title, rule).parameters
    for name in _PAIRS.keys() & taken.keys():
        default, value = taken[name].default, group[name]
        if not isinstance(default, tuple):
            continue
        if not isinstance(value, tuple | list) or len(value) != len(default):
            raise UserError(
                f"shoal.optim.{title}: {name} is {value!r}, but must be a tuple of {len(default)} numbers"
            )


def _check_number(title: str, name: str, value: Any, domain: Domain | None) -> None:
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise UserError(
                f"shoal.optim.{title}: {name} has {value.numel()} numbers; Tensor {name} must be 1-element"
            )
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"shoal.optim.{title}: {name} is {value!r}, but must be a number")
    allowed = domain is None or domain.contains(value) or (name == "lr" and value == 0)
    if not allowed:
        raise UserError(f"shoal.optim.{title}: {name} is {value:g}, but must lie in {domain}")


def _check_followed(title: str, rule: str, group: Mapping[str, Any]) -> None:
    """Keywords of torch that the rule here does not follow stay at their default."""
    if torch_twin(title) is None:
        return
    fields = catalogue.find("optimizer", rule).Hyper._fields
    for name, one in list(signature(title, rule).parameters.items())[1:]:
        parts = _PAIRS.get(name, ())
        optional = name in ("dampening", "lr_decay") and name not in _OPTIONAL.get(title, ())
        followed = name in fields or any(part in fields for part in parts)
        followed = followed or name in _HOW or name in _CHOOSES.get(title, ())
        followed = followed or (name in _OPTIONS and not optional)
        if not followed and group[name] != one.default:
            raise UserError(
                f"shoal.optim.{title} cannot do {name}={group[name]!r}: leave it at {one.default!r}, or use "
                f"torch.optim.{title}"
            )
