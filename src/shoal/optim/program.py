"""A rule as a program over pieces: its recording, fused, writing into buffers that are there already.

``once`` computes what is one number a step; each of ``over`` walks a piece of parameters, state and gradients
in place, with temporaries in a few buffers that stay in the processor's cache. A rule with sums or norms over
all numbers has a walk more for each that follows another. Results are those of the rule but for roundings;
those of rules without sums do not depend on how parameters are cut into pieces.
"""

from collections.abc import Callable, Generator
from functools import cache
from itertools import count
from typing import Any, NamedTuple

import torch
from torch import Tensor

from shoal.optim.fusing import Fusing
from shoal.optim.phases import Cutting, Phase
from shoal.optim.places import Places, writes
from shoal.optim.recording import Call, NoRecordingError, Recording, Value, record
from shoal.optim.spread import SPREAD

_NUMBERS = ("mul", "div", "add", "sub", "lerp", "pow", "gt", "lt", "ge", "le", "eq", "ne")


class Program(NamedTuple):
    """once(hyper, scalar state, loss) yields the numbers of each phase, is sent what its walk summed, and
    yields the new scalar state last; over[phase](gradient, parameter, vector state, buffers, numbers,
    reduced), in place, gives the piece's sums, each reduced(sum, norm or dot, its vectors), which sums[phase]
    put together. vectors, scalars: State's fields; buffers: dtypes of the temporaries; reads_loss: whether
    ``loss`` must be given. straight: which number times the gradient is all that is added to the parameter,
    or None (only SGD is so simple)."""

    once: Callable[..., Generator[Any, Any, None]]
    over: tuple[Callable[..., tuple[Tensor, ...]], ...]
    sums: tuple[tuple[Callable[[Tensor], Tensor], ...], ...]
    vectors: tuple[str, ...]
    scalars: tuple[str, ...]
    buffers: tuple[torch.dtype, ...]
    reads_loss: bool
    straight: int | None
    text: str


@cache
def compiled(rule: Any, dtype: torch.dtype, decays: bool = True) -> Program | None:
    """The program of ``rule`` for parameters computed in ``dtype``, or None if it has no recording.

    ``decays``: whether weight_decay, where the rule has one, is another number than 0.
    """
    try:
        recording = record(rule, dtype, decays)
    except NoRecordingError:
        return None
    return _Writer(recording).program()


class _Writer:
    """Writes the text of a program; names are given to Values as they are first needed."""

    def __init__(self, recording: Recording):
        self.recording = recording
        self.names: dict[Value, str] = {}
        self.fresh = count()
        self.globals: dict[str, Any] = {"__builtins__": {}}
        self.buffers: list[torch.dtype] = []
        self.free: list[str] = []
        state = recording.state
        self.vectors = [name for name, one in state.items() if one.is_vector]
        self.scalars = [name for name, one in state.items() if not one.is_vector]
        self._end()
        after = [recording.after[name] for name in self.scalars]
        fused = Fusing(self.calls, [*self.ends, *after])
        cutting = Cutting([*fused.scalars, *fused.vectors], self.ends, after)
        self.phases, self.rest = cutting.phases, cutting.rest

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
        text = "".join(self._over_text(index, phase) for index, phase in enumerate(self.phases))
        text = self._once_text() + text
        exec(compile(text, "<program of a rule>", "exec"), self.globals)
        calls = [call for phase in self.phases for call in (*phase.scalars, *phase.calls)]
        return Program(
            self.globals["once"],
            tuple(self.globals[f"over{index}"] for index in range(len(self.phases))),
            tuple(tuple(map(_joint, phase.reductions)) for phase in self.phases),
            tuple(self.vectors),
            tuple(self.scalars),
            tuple(self.buffers),
            any(self.recording.loss in call.inputs for call in (*calls, *self.rest)),
            self._straight(),
            text,
        )

    def _straight(self) -> int | None:
        made, phase = self.recording, self.phases[0]
        call = phase.calls[0]
        plain = call.function is torch.add and call.args == (made.parameter, made.gradient)
        if len(self.phases) > 1 or len(phase.calls) > 1 or not plain:
            return None
        numbers = _numbers(phase)
        return numbers.index(call.options["alpha"]) if call.options.get("alpha") in numbers else None

    def _name(self, value: Any) -> str:
        if not isinstance(value, Value):
            return self._constant(value)
        if value in self.recording.constants:
            return self._constant(self.recording.constants[value])
        return self.names.setdefault(value, f"t{next(self.fresh)}")

    def _constant(self, value: Any) -> str:
        if isinstance(value, bool | int | None):
            return repr(value)
        name = f"c{len(self.globals)}"
        self.globals[name] = value
        return name

    def _function(self, call: Call) -> str:
        numbers = [*call.args[:1], *call.options.values()]  # where's condition, another's factor
        spread = call.out.is_vector and any(isinstance(one, Value) and not one.is_vector for one in numbers)
        function = SPREAD.get(call.function, call.function) if spread else call.function
        name = f"f_{function.__name__.replace('.', '_')}"
        if self.globals.setdefault(name, function) is not function:
            name = f"f{len(self.globals)}"
            self.globals[name] = function
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
        for phase in self.phases:
            lines += map(self._line, phase.scalars)
            numbers = "".join(f"{self._name(one)}{_item(phase, one)}, " for one in _numbers(phase))
            lines.append(f"    sums = yield ({numbers})")
            lines += [f"    {self._name(c.out)} = sums[{i}]" for i, c in enumerate(phase.reductions)]
        after = "".join(f"{self._name(made.after[name])}, " for name in self.scalars)
        return "\n".join([*lines, *map(self._line, self.rest), f"    yield ({after})", ""])

    def _line(self, call: Call) -> str:
        return f"    {self._name(call.out)} = {self._function(call)}({self._arguments(call)})"

    def _over_text(self, index: int, phase: Phase) -> str:
        made = self.recording
        self.names = {one: name for one, name in self.names.items() if not one.is_vector}
        self.free = [f"b{i}" for i in range(len(self.buffers))]
        self.names |= {made.gradient: "gradient", made.parameter: "parameter"}
        self.names |= {made.state[name]: f"state{i}" for i, name in enumerate(self.vectors)}
        self.names |= {end: self.names[old] for end, old in phase.settled.items()}
        lines = [f"def over{index}(gradient, parameter, state, buffers, numbers, reduced):"]
        lines += [f"    state{i} = state[{i}]" for i in range(len(self.vectors))]
        numbers = "".join(f"{self._name(one)}, " for one in _numbers(phase))
        lines += [f"    ({numbers}) = numbers"] if numbers else []
        body = self._body(phase)
        lines += [f"    b{i} = buffers[{i}]" for i in range(len(self.buffers))]
        sums = "".join(f"{self._name(call.out)}, " for call in phase.reductions)
        return "\n".join([*lines, *body, f"    return ({sums})", ""])

    def _body(self, phase: Phase) -> list[str]:
        """The calls of a phase, each into its place or a buffer; what is read again is copied home last."""
        places = Places(phase.calls, phase.ends)
        body, late = [], []
        for index, call in enumerate(phase.calls):
            arguments = self._arguments(call)
            for value in places.dying(index):
                self._release(value, phase)
            home = places.home.get(call.out)
            if home is not None:
                self.names[call.out] = self.names[home]
            if call.reduces:
                body.append(f"    {self._name(call.out)} = reduced({self._function(call)}, {arguments})")
            elif writes(call):
                target = self.names[call.out] if home is not None else self._buffer(call.out)
                body.append(f"    {self._function(call)}({arguments}, out={target})")
            else:
                body.append(self._line(call))
            if call.out in phase.ends and home is None:
                late.append(f"    {self.names[phase.ends[call.out]]}.copy_({self.names[call.out]})")
        return body + late

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

    def _release(self, value: Value, phase: Phase) -> None:
        name = self.names.get(value, "")
        if name.startswith("b") and value not in phase.ends and name not in self.free:
            self.free.append(name)


def _numbers(phase: Phase) -> list[Value]:
    """The scalars that a phase's walk is given."""
    made = {call.out for call in phase.calls}
    given = dict.fromkeys(one for call in phase.calls for one in call.inputs if not one.is_vector)
    return [one for one in given if one not in made]


def _joint(reduction: Call) -> Callable[[Tensor], Tensor]:
    """What puts the pieces' sums or norms together."""
    return torch.sum if reduction.function is torch.dot else reduction.function


def _item(phase: Phase, value: Value) -> str:
    """.tolist() where all that use the scalar can take a plain number, which is faster."""
    for call in phase.calls:
        taken = [one for one in call.args[1:] if call.function.__name__ in _NUMBERS]
        if value in call.inputs and value not in (*taken, *call.options.values()):
            return ""
        if value is (call.args[:1] or (None,))[0]:
            return ""
    return ".tolist()"
