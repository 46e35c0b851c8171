"""What a comparison says of itself while it runs."""

import time
from collections.abc import Callable
from typing import NamedTuple

from shoal.population.recipe import Progress


class ArmStanding(NamedTuple):
    """An arm's mean score so far over ``networks``: validation rows while tuning, test rows afterwards."""

    name: str
    score: float | None
    networks: int


class Standing(NamedTuple):
    """A sign of life. phase: "tune", "extend-1", "evaluate-0", ...

    networks: trained so far; networks_planned: when this phase is done. steps_per_second: member-steps of
    this process since training began. seconds_left: until training ends, infinite without a budget. note:
    the trainer's own words.
    """

    phase: str
    networks: int
    networks_planned: int
    member_steps: int
    steps_per_second: float
    seconds_left: float
    arms: tuple[ArmStanding, ...]
    note: str


Watch = Callable[[Standing], None]


class Meter:
    """Counts the member-steps of this process over several calls of the trainer."""

    def __init__(self) -> None:
        self.note = ""
        self._finished = self._before = self._reported = 0
        self._started: float | None = None

    def begin(self) -> None:
        """A call of the trainer begins."""
        self._started = self._started or time.monotonic()
        self._before, self._reported = self._finished, 0

    def hear(self, progress: Progress) -> None:
        """The trainer reports what it has done in this call."""
        self._reported, self.note = progress.member_steps, progress.note

    def finish(self, steps: int) -> None:
        """A network is finished after ``steps`` steps."""
        self._finished += steps

    def end(self) -> None:
        """The call has ended: steps of unfinished networks no longer count."""
        self._before, self._reported = self._finished, 0

    @property
    def member_steps(self) -> int:
        """Steps done, those of unfinished networks included as far as the trainer reports them."""
        return max(self._finished, self._before + self._reported)

    @property
    def rate(self) -> float:
        """Member-steps per second since the first call."""
        return self.member_steps / max(time.monotonic() - self._started, 1e-3) if self._started else 0.0
