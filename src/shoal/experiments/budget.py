"""Durations as people write them, and the clock of one comparison."""

import math
import re
import time

from shoal.errors import UserError

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
_EXAMPLES = "write for example 90s, 5m, 1m30s or 1h"


def seconds_of(duration: str | float) -> float:
    """Seconds of ``90``, ``"90s"``, ``"5m"``, ``"1h"``, ``"1m30s"``. Raises UserError unless positive."""
    if isinstance(duration, str):
        text = duration.strip().lower()
        if text.startswith("-"):
            raise UserError(f"the budget {duration!r} is negative; {_EXAMPLES}")
        match = _DURATION.fullmatch(text)
        if not match or not any(match.groups()):
            raise UserError(f"the budget {duration!r} is no duration; {_EXAMPLES}")
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        number = 3600 * hours + 60 * minutes + seconds
    else:
        number = float(duration)
    if not math.isfinite(number):
        raise UserError(f"the budget {duration!r} is no duration; {_EXAMPLES}")
    if number <= 0:
        raise UserError(f"the budget {duration!r} is {'0' if number == 0 else 'negative'}; {_EXAMPLES}")
    return number


class Clock:
    """Time of a comparison with a budget, or of one without (``budget`` None: no deadline).

    started: time.monotonic() when the process started; everything after it counts. The training deadline
    leaves a share for timing the plain loop and for writing the results.
    """

    def __init__(self, budget: float | None, started: float | None):
        self.started = time.monotonic() if started is None else started
        self.budget = budget

    @property
    def elapsed(self) -> float:
        """Seconds since the process started."""
        return time.monotonic() - self.started

    @property
    def deadline(self) -> float | None:
        """When training must end (time.monotonic), or None."""
        if self.budget is None:
            return None
        return self.started + self.budget - min(3.0, 0.08 * self.budget)

    @property
    def left(self) -> float:
        """Seconds until the training deadline, at least 0; infinity without one."""
        return math.inf if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def after(self, share: float) -> float | None:
        """When ``share`` of the time left will have passed (time.monotonic), or None."""
        return None if self.deadline is None else self.deadline - (1 - share) * self.left

    @property
    def spare(self) -> float:
        """Seconds the closing work may take: to the end of the budget and a third of the overrun allowed."""
        if self.budget is None:
            return math.inf
        return self.budget + max(0.1 * self.budget, 3.0) / 3 - self.elapsed
