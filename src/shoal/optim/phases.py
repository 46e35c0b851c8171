"""A rule cut at its reductions: what is needed before each sum or norm over all numbers is a phase.

A walk over all pieces makes each phase. What two phases need is computed in both, unless it is the new value
of a state: that lies in its place from the first phase that makes it on, if none behind needs the old one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shoal.optim.recording import Call, Value


@dataclass
class Phase:
    """Numbers computed first (``scalars``), then ``calls`` over each piece, of which some are reductions.

    ends: new value of the parameter or a state → the old one, over which this phase writes it.
    settled: the same of all phases before.
    """

    scalars: list[Call]
    calls: list[Call] = field(default_factory=list)
    ends: dict[Value, Value] = field(default_factory=dict)
    settled: dict[Value, Value] = field(default_factory=dict)

    @property
    def reductions(self) -> list[Call]:
        return [call for call in self.calls if call.reduces]


class Cutting:
    """``phases`` of the calls that give ``ends`` (new vector → old one) and the scalars ``after``; behind the
    last one ``rest``, the scalars that its reductions give."""

    def __init__(self, calls: list[Call], ends: dict[Value, Value], after: list[Value]):
        self.made = {call.out: call for call in calls}
        self.levels: dict[Value, int] = {}
        wanted = self._reach([*ends, *after])
        self.scalars = [call for call in calls if call in wanted and not call.out.is_vector]
        self.vectors = [call for call in calls if call.out.is_vector]
        last = max([0, *(self._level(end) for end in ends)])
        count = max([last + 1, *(self._level(call.out) for call in self.scalars if call.reduces)])
        self.phases: list[Phase] = []
        left, settled = dict(ends), dict[Value, Value]()
        for index in range(count):
            phase = Phase(self._computed(index), settled=dict(settled))
            sums = [one for one in self.scalars if one.reduces and self._level(one.out) == index + 1]
            phase.ends = left if index == count - 1 else self._early(sums, left, settled)
            phase.calls = self._walked(sums, phase)
            settled |= phase.ends
            left = {end: old for end, old in left.items() if end not in settled}
            self.phases.append(phase)
        self.rest = self._computed(count)

    def _computed(self, index: int) -> list[Call]:
        return [one for one in self.scalars if not one.reduces and self._level(one.out) == index]

    def _level(self, value: Value) -> int:
        """How many reductions must follow each other before the value can be computed."""
        if value not in self.levels:
            call = self.made.get(value)
            below = [] if call is None else [self._level(one) for one in call.inputs]
            self.levels[value] = max([0, *below]) + bool(call and call.reduces)
        return self.levels[value]

    def _reach(self, wanted: Iterable[Value], there: Iterable[Value] = ()) -> set[Call]:
        """The calls that give ``wanted``, where the values ``there`` need none."""
        found: set[Call] = set()
        known, todo = set(there), list(wanted)
        while todo:
            value = todo.pop()
            if value not in known and value in self.made:
                known.add(value)
                found.add(self.made[value])
                todo += self.made[value].inputs
        return found

    def _vectors(self, wanted: Iterable[Value], there: Iterable[Value]) -> list[Call]:
        """The calls over a piece that give ``wanted``, in order."""
        sums = [call.out for call in self.scalars if call.reduces]
        reached = self._reach(wanted, [*there, *sums])
        return [call for call in self.vectors if call in reached]

    def _early(
        self, sums: list[Call], left: dict[Value, Value], settled: dict[Value, Value]
    ) -> dict[Value, Value]:
        """The ends that these reductions need, and whose old values nothing needs later."""
        making = {call.out for call in self._vectors([one for call in sums for one in call.inputs], settled)}
        early = {end: old for end, old in left.items() if end in making}
        later = [of for one in self.scalars if one.reduces and one not in sums for of in one.inputs]
        while True:
            calls = self._vectors([*(end for end in left if end not in early), *later], [*settled, *early])
            read = {one for call in calls for one in call.inputs}.union(later)
            kept = {end: old for end, old in early.items() if old not in read}
            if len(kept) == len(early):
                return kept
            early = kept

    def _walked(self, sums: list[Call], phase: Phase) -> list[Call]:
        """The calls of a phase, each reduction as soon as what it reduces is there."""
        calls = self._vectors([*(of for one in sums for of in one.inputs), *phase.ends], phase.settled)
        made: set[Value | None] = {call.out for call in calls}
        read = {one for call in (*calls, *sums) for one in call.inputs}
        calls.sort(key=lambda call: call.out in phase.ends and call.out not in read)  # over what others need
        walked: list[Call] = []
        for call in (None, *calls):
            made.discard(call.out if call else None)
            ready = [one for one in sums if one not in walked and made.isdisjoint(one.inputs)]
            walked += [call, *ready] if call else ready
        return walked
