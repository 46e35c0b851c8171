"""Recording a rule: its ``update`` run once on seven numbers, as a list of tensor operations.

A rule is a pure function without Python branches on tensors, so what it did on seven numbers is what it does
on any. The list is split by what depends on vectors and what only on scalars (bias corrections), which are
then computed once a step instead of once a piece. A rule that is not a list of elementwise operations, sums
and norms (it looks at a shape, a mean, its noise key, or writes in place) has no recording and is run as it
stands.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from shoal.techniques.kinds import Seen

LENGTH = 7
_CREATES = ("_to_copy", "clone", "detach", "zeros_like", "ones_like", "full_like", "empty_like")
REDUCTIONS = {
    "sum": torch.sum,
    "linalg_vector_norm": torch.linalg.vector_norm,
    "norm": torch.linalg.vector_norm,
}
_NEW = ("new_zeros", "new_ones", "new_full")


@dataclass(eq=False)
class Value:
    """A tensor of the recording; ``example`` is what it was on the seven numbers."""

    example: Tensor

    @property
    def is_vector(self) -> bool:
        return self.example.shape == (LENGTH,)


@dataclass(eq=False)
class Call:
    """``out = function(*args, **options)``; args hold Values and plain numbers.

    A reduction is sum or norm of one vector: of its values on all pieces it gives its value on all numbers.
    """

    function: Any
    args: tuple[Any, ...]
    options: dict[str, Any]
    out: Value

    @property
    def inputs(self) -> list[Value]:
        return [one for one in (*self.args, *self.options.values()) if isinstance(one, Value)]

    @property
    def reduces(self) -> bool:
        """Whether it makes one number of a vector."""
        return not self.out.is_vector and any(one.is_vector for one in self.inputs)


@dataclass
class Recording:
    """What a rule did: inputs by their names in ``kinds.Seen``, State and Hyper, and what came out."""

    gradient: Value
    parameter: Value
    loss: Value
    state: dict[str, Value]
    hyper: dict[str, Value]
    calls: list[Call] = field(default_factory=list)
    change: Value | None = None
    after: dict[str, Value] = field(default_factory=dict)
    constants: dict[Value, Tensor] = field(default_factory=dict)


class NoRecordingError(Exception):
    """The rule is no list of elementwise operations and reductions; the message says which one is neither."""


class _Listening(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.heard.append((func, args, kwargs or {}, out))
        return out


@torch.no_grad()
def record(rule: Any, dtype: torch.dtype, decays: bool = True) -> Recording:
    """The recording of ``rule`` (a module with Hyper, State, init and update) for parameters of ``dtype``.

    Without ``decays`` its weight_decay is 0, and what would be added of it is not.
    Raises NoRecordingError for a rule that has none.
    """
    numbers = torch.linspace(0.5, 2.0, LENGTH, dtype=dtype)
    defaults = rule.Hyper()
    hyper = {name: torch.tensor(float(x), dtype=torch.float64) for name, x in defaults._asdict().items()}
    state = {name: leaf.clone() for name, leaf in rule.init(numbers, defaults)._asdict().items()}
    gradient, parameter, loss = numbers.flip(0), numbers.clone(), torch.ones((), dtype=dtype)
    key = torch.zeros((), dtype=torch.int64)
    with _Listening() as listening:
        seen = Seen(gradient, loss, key)
        change, after = rule.update(seen, rule.State(**state), parameter, rule.Hyper(**hyper))
    made = Recording(
        Value(gradient),
        Value(parameter),
        Value(loss),
        {name: Value(leaf) for name, leaf in state.items()},
        {name: Value(number) for name, number in hyper.items()},
    )
    known = {id(one.example): one for one in (made.gradient, made.parameter, made.loss)}
    known |= {id(one.example): one for one in (*made.state.values(), *made.hyper.values())}
    for function, args, options, out in listening.heard:
        if not any(isinstance(one, Tensor) for one in (*args, out)):
            continue  # of types: the same whatever the numbers
        if function.overloadpacket.__name__ in _NEW and not out.ndim:
            known[id(out)] = constant = Value(out)  # takes a vector's type, and none of its values
            made.constants[constant] = out
            continue
        call = _call(made, known, key, function, args, options, out)
        kept = None if decays else _undecayed(made, call)
        if kept is None:
            made.calls.append(call)
        else:
            known[id(out)] = kept
    made.change = _value(made, known, key, change)
    made.after = {name: _value(made, known, key, leaf) for name, leaf in after._asdict().items()}
    for name, leaf in made.after.items():
        if leaf.is_vector != made.state[name].is_vector:
            raise NoRecordingError(f"the shape of {name} changes")
    if not made.change.is_vector:
        raise NoRecordingError("the change has another shape than the parameter")
    return made


def _undecayed(made: Recording, call: Call) -> Value | None:
    """What is left of ``x + weight_decay·parameter`` where weight_decay is 0: x."""
    if call.function is not torch.add or len(call.inputs) != 2 or call.options:
        return None
    decay = {made.parameter, made.hyper.get("weight_decay")}
    for one, other in (call.inputs, call.inputs[::-1]):
        term = next((made_by for made_by in made.calls if made_by.out is other), None)
        if term is None or term.function is not torch.mul or set(term.inputs) != decay:
            continue
        if one.is_vector and one.example.dtype == call.out.example.dtype:
            return one
    return None


def _value(made: Recording, known: dict[int, Value], key: Tensor, tensor: Tensor) -> Value:
    if tensor is key:
        raise NoRecordingError("it draws noise")
    if id(tensor) not in known:
        known[id(tensor)] = constant = Value(tensor)
        if tensor.ndim:
            raise NoRecordingError("it closes over a tensor")
        made.constants[constant] = tensor
    return known[id(tensor)]


def _call(
    made: Recording, known: dict[int, Value], key: Tensor, function: Any, args: Any, options: Any, out: Any
) -> Call:
    name = function.overloadpacket.__name__
    tensors = [one for one in (*args, *options.values()) if isinstance(one, Tensor)]
    if any(isinstance(one, list | tuple) for one in args) or not isinstance(out, Tensor):
        raise NoRecordingError(f"{name} is not elementwise")
    if name in REDUCTIONS and tensors[0].ndim and not out.ndim:
        return _reduction(made, known, key, name, args, out)
    vector = any(one.ndim for one in tensors)
    elementwise = torch.Tag.pointwise in function.tags or name in _CREATES
    if function._schema.is_mutable or out.shape not in ((), (LENGTH,)):
        raise NoRecordingError(f"{name} writes in place or changes the shape")
    if vector and not (elementwise and out.ndim):
        raise NoRecordingError(f"{name} is not elementwise")
    if not vector and out.ndim:
        raise NoRecordingError(f"{name} makes a vector of its own")
    given = tuple(_value(made, known, key, x) if isinstance(x, Tensor) else x for x in args)
    named = {k: _value(made, known, key, x) if isinstance(x, Tensor) else x for k, x in options.items()}
    known[id(out)] = result = Value(out)
    return Call(getattr(torch, name, function), given, named, result)


def _reduction(
    made: Recording, known: dict[int, Value], key: Tensor, name: str, args: Any, out: Tensor
) -> Call:
    vector, *how = args
    if out.dtype != vector.dtype or (name != "sum" and how[:1] not in ([], [2], [2.0])):
        raise NoRecordingError(f"{name} is of another type or order")
    known[id(out)] = result = Value(out)
    return Call(REDUCTIONS[name], (_value(made, known, key, vector),), {}, result)
