"""Which values of a phase are written straight to where the parameter or a state lies, over its old value."""

import torch

from shoal.optim.recording import LENGTH, Call, Value


class Places:
    """``home``: value → the old value in whose place it is made. ``ends``: new value → old one."""

    def __init__(self, calls: list[Call], ends: dict[Value, Value]):
        self.last = {one: i for i, call in enumerate(calls) for one in call.inputs}
        self.at = {call.out: i for i, call in enumerate(calls)}
        self.calls, self.ends = calls, ends
        self.uses: dict[Value, int] = {}
        for call in calls:
            for one in call.inputs:
                self.uses[one] = self.uses.get(one, 0) + 1
        self.home: dict[Value, Value] = {}
        for end, old in ends.items():
            self._settle(end, old)

    def dying(self, index: int) -> list[Value]:
        """The values that the call of this index is the last to need."""
        return [one for one in set(self.calls[index].inputs) if self.last[one] == index]

    def _settle(self, value: Value, old: Value) -> None:
        """``value``, and what it alone is made of, if the old value is not needed behind it."""
        index = self.at[value]
        if self.last.get(old, -1) > index or not writes(self.calls[index]):
            return
        self.home[value] = old
        first = next(iter(self.calls[index].inputs), None)
        if first not in self.at or self.uses[first] != 1 or first in self.ends or not first.is_vector:
            return
        if first.example.dtype == old.example.dtype and self.last.get(old, -1) <= self.at[first]:
            self._settle(first, old)


def writes(call: Call) -> bool:
    """Whether the function can write into a buffer: tried on the recording's numbers."""
    if call.reduces:
        return False
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
