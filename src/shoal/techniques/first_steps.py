"""The part of a technique's contract that only running it shows, on two small networks at once."""

import traceback
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from shoal.techniques.kinds import Decision, Seen

_MEMBERS, _PARAMETERS = 2, 5


class _BreachError(Exception):
    """What a function returned that it may not."""


def fault(rule: ModuleType, kind: str) -> str | None:
    """What goes wrong in the first uses of an optimizer, schedule, activation, controller or initializer, in
    words, or None.

    As the engine does, it hands in hyperparameters that are tensors, different by member, through vmap (but
    for initializers). Normalizations, learned activations and optimizers with needs are not tried.
    """
    if kind == "initializer":
        return _drawn(rule)
    if kind not in _USES or hasattr(rule, "PLACE") or (kind == "optimizer" and rule.CARD.needs):
        return None
    parameters = torch.linspace(-1, 1, _MEMBERS * _PARAMETERS).reshape(_MEMBERS, _PARAMETERS)
    gradients = parameters.flip(1) / 2 + 0.1
    before = gradients.clone()
    numbers = [torch.tensor([float(value)] * _MEMBERS) for value in rule.Hyper()]
    try:
        torch.func.vmap(lambda *given: _USES[kind](rule, *given))(gradients, parameters, numbers)
    except _BreachError as breach:
        return str(breach)
    except Exception as error:
        return f"{type(error).__name__}{_line(rule, error)}: {_said(error)}"
    return None if torch.equal(gradients, before) else "update changes seen.gradient in place"


def _two_steps(rule: ModuleType, gradient: Tensor, parameter: Tensor, numbers: list[Tensor]) -> Tensor:
    hyper = rule.Hyper(*numbers)
    state = rule.init(parameter, hyper)
    _check_state(rule, "init returned", state)
    for step in range(2):
        seen = Seen(gradient, gradient.sum(), torch.tensor(step))
        answer = rule.update(seen, state, parameter, hyper)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise _BreachError(f"update returned {type(answer).__name__}, not (change, state)")
        change, state = answer
        _check_state(rule, "update returned (change, state) with", state)
        _check_shape("update returned a change:", change, "a parameter", tuple(parameter.shape))
        parameter = parameter + change
    return parameter


def _values(rule: ModuleType, _: Tensor, parameter: Tensor, numbers: list[Tensor]) -> Tensor:
    hyper = rule.Hyper(*numbers)
    for progress in (0.0, 0.5, 1.0):
        _check_shape("value returned", rule.value(torch.tensor(progress), hyper), "a progress", ())
    return parameter


def _applied(rule: ModuleType, _: Tensor, parameter: Tensor, numbers: list[Tensor]) -> Tensor:
    _check_shape(
        "apply returned", rule.apply(parameter, rule.Hyper(*numbers)), "an input", tuple(parameter.shape)
    )
    return parameter


def _observed(rule: ModuleType, _: Tensor, parameter: Tensor, numbers: list[Tensor]) -> Tensor:
    hyper = rule.Hyper(*numbers)
    state = rule.init(hyper)
    _check_state(rule, "init returned", state)
    for loss in (1.0, 0.5, 0.7):
        answer = rule.observe(state, parameter.sum() + loss, hyper)
        if not isinstance(answer, tuple) or len(answer) != 2 or not isinstance(answer[1], Decision):
            raise _BreachError(f"observe returned {type(answer).__name__}, not (state, Decision)")
        state, decision = answer
        _check_state(rule, "observe returned (state, decision) with", state)
        for name, made in zip(Decision._fields, decision, strict=True):
            _check_shape(f"observe decided {name}:", made, "a loss", ())
    return parameter


def _drawn(rule: ModuleType) -> str | None:
    """An initializer is given plain numbers, and shapes of linear and convolution weights."""
    if hasattr(rule, "first_scale") and not rule.__name__.startswith("shoal."):
        return "first_scale is for shoal's own initializers, because artifacts load without a user's file"
    try:
        for shape in ((4, 3), (4, 3, 2, 2)):
            made = rule.draw(shape, torch.Generator().manual_seed(0), rule.Hyper())
            _check_shape("draw returned", made, "a weight", shape)
    except _BreachError as breach:
        return str(breach)
    except Exception as error:
        return f"{type(error).__name__}{_line(rule, error)}: {_said(error)}"
    return None


_USES = {"optimizer": _two_steps, "schedule": _values, "activation": _applied, "controller": _observed}


def _check_shape(what: str, made: Any, given: str, shape: tuple[int, ...]) -> None:
    if not isinstance(made, Tensor):
        raise _BreachError(f"{what} {type(made).__name__}, no tensor")
    if made.shape != shape:
        raise _BreachError(f"{what} shape {list(made.shape)} for {given} of shape {list(shape)}")


def _check_state(rule: ModuleType, what: str, state: Any) -> None:
    if not isinstance(state, rule.State):
        raise _BreachError(f"{what} {type(state).__name__}, not State")


def _said(error: Exception) -> str:
    """The message's first line; torch's own on branches does not say the way out."""
    said = (str(error).strip() or "no message").splitlines()[0]
    if "data-dependent control flow" in said:
        return "a Python branch on a tensor, as hyperparameters are; use torch.where"
    return said


def _line(rule: ModuleType, error: Exception) -> str:
    """The line of the rule's own file where an error arose."""
    own = [one for one in traceback.extract_tb(error.__traceback__) if one.filename == rule.__file__]
    return f" in {own[-1].name}, line {own[-1].lineno}" if own else ""
