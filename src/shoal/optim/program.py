"""A rule as a program over pieces: its recording, fused, writing into buffers that are there already.

``once`` computes what is one number a step; ``over`` walks a piece of parameters, state and gradients in
place, with temporaries in a few buffers that stay in the processor's cache. Results are those of the rule but
for roundings, and do not depend on how parameters are cut into pieces.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from shoal.optim.fusing import Fusing, needed
from shoal.optim.recording import LENGTH, Call, NotElementwiseError, Recording, Value, record

_NUMBERS = ("mul", "div", "add", "sub", "lerp", "pow", "gt", "lt", "ge", "le", "eq", "ne")


class Program(NamedTuple):
    """once(hyper, scalar state, loss) → (numbers, new scalar state); over(gradient, parameter, vector state,
    buffers, numbers) in place. vectors, scalars: the names of State's fields; buffers: dtypes of the
    temporaries; reads_loss: whether ``loss`` must be given. straight: which number times the gradient is all
    that is added to the parameter, or None (only SGD is so simple)."""

    once: Callable[..., tuple[tuple[Any, ...], tuple[Tensor, ...]]]
    over: Callable[..., None]
    vectors: tuple[str, ...]
    scalars: tuple[str, ...]
    buffers: tuple[torch.dtype, ...]
    reads_loss: bool
    straight: int | None
    text: str


@cache
def compiled(rule: Any, dtype: torch.dtype) -> Program | None:
    """The program of ``rule`` for parameters computed in ``dtype``, or None if it is not elementwise."""
    try:
        recording = record(rule, dtype)
    except NotElementwiseError:
        return None
    return _Writer(recording).program()


class _Writer:
    """Writes the text of a program; names are given to Values as they are first needed."""

    def __init__(self, recording: Recording):
        self.recording = recording
        self.names: dict[Value, str] = {}
        self.globals: dict[str, Any] = {"__builtins__": {}}
        self.buffers: list[torch.dtype] = []
        self.free: list[str] = []
        state = recording.state
        self.vectors = [name for name, one in state.items() if one.is_vector]
        self.scalars = [name for name, one in state.items() if not one.is_vector]
        self._end()
        outputs = [*self.ends, *(recording.after[name] for name in self.scalars)]
        fused = Fusing(self.calls, outputs)
        self.over = fused.vectors
        inputs = dict.fromkeys(one for call in self.over for one in _inputs(call) if not one.is_vector)
        self.numbers = [*inputs, *(one for one in self.ends if not one.is_vector)]
        self.once = needed(fused.scalars, [*inputs, *(recording.after[name] for name in self.scalars)])

    def _end(self) -> None:
        """The final values of parameter and state, each made by a call of its own."""
        made = self.recording
        assert made.change is not None
        self.calls = list(made.calls)
        moved = Value(made.parameter.example + made.change.example)
        self.calls.append(Call(torch.add, (made.parameter, made.change), {}, moved))
        self.ends: dict[Value, Value] = {moved: made.parameter}
        for name in self.vectors:
            after, before = made.after[name], made.state[name]
            if after is before:
                continue
            if after in self.ends or not any(call.out is after for call in self.calls):
                copied = Value(after.example.clone())
                self.calls.append(Call(torch.clone, (after,), {}, copied))
                after = copied
            self.ends[after] = before

    def program(self) -> Program:
        made = self.recording
        text = self._once_text() + self._over_text()
        exec(compile(text, "<program of a rule>", "exec"), self.globals)
        return Program(
            self.globals["once"],
            self.globals["over"],
            tuple(self.vectors),
            tuple(self.scalars),
            tuple(self.buffers),
            any(made.loss in _inputs(call) for call in (*self.once, *self.over)),
            self._straight(),
            text,
        )

    def _straight(self) -> int | None:
        made, call = self.recording, self.over[0]
        plain = call.function is torch.add and call.args == (made.parameter, made.gradient)
        if len(self.over) > 1 or not plain or call.options.get("alpha") not in self.numbers:
            return None
        return self.numbers.index(call.options["alpha"])

    def _name(self, value: Any) -> str:
        if not isinstance(value, Value):
            return self._constant(value)
        if value in self.recording.constants:
            return self._constant(self.recording.constants[value])
        return self.names.setdefault(value, f"t{len(self.names)}")

    def _constant(self, value: Any) -> str:
        if isinstance(value, bool | int | None):
            return repr(value)
        name = f"c{len(self.globals)}"
        self.globals[name] = value
        return name

    def _function(self, call: Call) -> str:
        name = f"f_{call.function.__name__.replace('.', '_')}"
        if self.globals.setdefault(name, call.function) is not call.function:
            name = f"f{len(self.globals)}"
            self.globals[name] = call.function
        return name

    def _arguments(self, call: Call) -> str:
        options = [f"{key}={self._name(one)}" for key, one in call.options.items()]
        return ", ".join([*map(self._name, call.args), *options])

    def _once_text(self) -> str:
        made = self.recording
        lines = ["def once(hyper, state, loss):"]
        for what, values in (("hyper", made.hyper.values()), ("state", map(made.state.get, self.scalars))):
            for index, value in enumerate(values):
                lines.append(f"    {self._name(value)} = {what}[{index}]")
        lines.append(f"    {self._name(made.loss)} = loss")
        lines += [f"    {self._name(c.out)} = {self._function(c)}({self._arguments(c)})" for c in self.once]
        numbers = "".join(f"{self._name(one)}{self._item(one)}, " for one in self.numbers)
        after = "".join(f"{self._name(made.after[name])}, " for name in self.scalars)
        return "\n".join([*lines, f"    return ({numbers}), ({after})", ""])

    def _item(self, value: Value) -> str:
        """.item() where all that use the scalar can take a plain number, which is faster."""
        for call in self.over:
            taken = [one for one in call.args[1:] if call.function.__name__ in _NUMBERS]
            if value in _inputs(call) and value not in (*taken, *call.options.values()):
                return ""
            if value is (call.args[:1] or (None,))[0]:
                return ""
        return ".item()"

    def _over_text(self) -> str:
        made = self.recording
        self.names[made.gradient], self.names[made.parameter] = "gradient", "parameter"
        before = {made.state[name]: f"state{i}" for i, name in enumerate(self.vectors)}
        self.names.update(before)
        lines = ["def over(gradient, parameter, state, buffers, numbers):"]
        lines += [f"    {name} = state[{i}]" for i, name in enumerate(before.values())]
        numbers = "".join(f"{self._name(one)}, " for one in self.numbers)
        lines += [f"    ({numbers}) = numbers"] if numbers else []
        places = _Places(self.over, self.ends)
        body, late = [], []
        for index, call in enumerate(self.over):
            arguments = self._arguments(call)
            for value in places.dying(index):
                self._release(value, places)
            home = places.home.get(call.out)
            if home is not None:
                self.names[call.out] = self.names[home]
            if _writes(call):
                target = self.names[call.out] if home is not None else self._buffer(call.out)
                body.append(f"    {self._function(call)}({arguments}, out={target})")
            else:
                body.append(f"    {self._name(call.out)} = {self._function(call)}({arguments})")
            if call.out in self.ends and home is None:
                late.append(f"    {self.names[self.ends[call.out]]}.copy_({self.names[call.out]})")
        lines += [f"    b{i} = buffers[{i}]" for i in range(len(self.buffers))]
        return "\n".join([*lines, *body, *late, ""])

    def _buffer(self, value: Value) -> str:
        dtype = value.example.dtype
        for name in self.free:
            if self.buffers[int(name[1:])] == dtype:
                self.free.remove(name)
                break
        else:
            name = f"b{len(self.buffers)}"
            self.buffers.append(dtype)
        self.names[value] = name
        return name

    def _release(self, value: Value, places: "_Places") -> None:
        name = self.names.get(value, "")
        if name.startswith("b") and value not in self.ends and name not in self.free:
            self.free.append(name)


class _Places:
    """Which values are written straight to where the parameter or a state lies, over its old value."""

    def __init__(self, calls: list[Call], ends: dict[Value, Value]):
        self.last = {one: i for i, call in enumerate(calls) for one in _inputs(call)}
        self.at = {call.out: i for i, call in enumerate(calls)}
        self.calls, self.ends = calls, ends
        self.uses: dict[Value, int] = {}
        for call in calls:
            for one in _inputs(call):
                self.uses[one] = self.uses.get(one, 0) + 1
        self.home: dict[Value, Value] = {}
        for end, old in ends.items():
            self._settle(end, old)

    def dying(self, index: int) -> list[Value]:
        return [one for one in set(_inputs(self.calls[index])) if self.last[one] == index]

    def _settle(self, value: Value, old: Value) -> None:
        """``value``, and what it alone is made of, if the old value is not needed behind it."""
        index = self.at[value]
        if self.last.get(old, -1) > index or not _writes(self.calls[index]):
            return
        self.home[value] = old
        first = next(iter(_inputs(self.calls[index])), None)
        if first not in self.at or self.uses[first] != 1 or first in self.ends or not first.is_vector:
            return
        if first.example.dtype == old.example.dtype and self.last.get(old, -1) <= self.at[first]:
            self._settle(first, old)


def _inputs(call: Call) -> list[Value]:
    return [one for one in (*call.args, *call.options.values()) if isinstance(one, Value)]


def _writes(call: Call) -> bool:
    """Whether the function can write into a buffer: tried on the recording's numbers."""
    args = [one.example if isinstance(one, Value) else one for one in call.args]
    options = {
        name: one.example.item() if isinstance(one, Value) and not one.is_vector else one
        for name, one in call.options.items()
    }
    out = torch.empty(LENGTH, dtype=call.out.example.dtype)
    try:
        call.function(*args, **options, out=out)
    except (TypeError, RuntimeError):
        return False
    return True
