"""What a comparison shows of itself while it runs: a live display on a terminal, plain lines on a pipe.

Both write to stderr, so that stdout holds the result and nothing else. A reader that goes away silences
the display and never stops the run.
"""

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from shoal.cli.formats import clock, count, counted, score, signed
from shoal.cli.styles import STYLES
from shoal.cli.table import console

if TYPE_CHECKING:
    from shoal.experiments.standing import ArmStanding, Standing

PLAIN_EVERY = 5.0
"""Seconds between two plain lines of one phase."""
FORECAST, READING, JUDGING = "forecast", "read", ("evaluate", "close")
DECIDED = ("better", "worse", "same")
WIDE = 72
"""Columns from which on the live table also says how many networks each row stands on."""
PHASES = {
    READING: "reading",
    "measure": "measuring speed",
    FORECAST: "forecast",
    "tune-screen": "trying alternatives",
    "tune": "tuning",
    "extend": "tuning beyond the range",
    "evaluate": "judging on fresh seeds",
    "close": "closing",
}


class Display(Protocol):
    """A context manager that is told how the run stands."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def update(self, standing: "Standing") -> None:
        """Show ``standing`` now or at the next redraw."""
        ...


def display(title: str, file: TextIO, started: float) -> Display:
    """The live display where ``file`` is a terminal that can redraw, else plain lines.

    title: what is compared. started: time.monotonic() when the process began.
    """
    screen = console(file)
    if screen.is_terminal and not screen.is_dumb_terminal:
        return LiveDisplay(title, screen, started)
    return PlainLines(file, started)


class PlainLines:
    """A line when a phase begins and then every few seconds, for pipes, logs and dumb terminals."""

    def __init__(self, file: TextIO, started: float, now: Callable[[], float] = time.monotonic) -> None:
        self._file: TextIO | None = file
        self._started, self._now = started, now
        self._shown, self._phase = -math.inf, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file = None

    def update(self, standing: "Standing") -> None:
        """Print ``standing`` as a line, unless this phase's last line is younger than ``PLAIN_EVERY``."""
        now, phase = self._now(), _phase(standing)
        if self._file is None or (phase == self._phase and now - self._shown < PLAIN_EVERY):
            return
        self._shown, self._phase = now, phase
        facts = [*_facts(standing), _left(standing), *_scores(standing)]
        said = [standing.note] if standing.phase in (FORECAST, READING) else facts
        try:
            print(
                f"shoal: {' · '.join([clock(now - self._started), phase, *said])}",
                file=self._file,
                flush=True,
            )
        except BrokenPipeError:
            self._file = None


class LiveDisplay:
    """A few lines that stay in place, are redrawn four times a second and vanish when the run ends."""

    def __init__(self, title: str, screen: Console, started: float) -> None:
        self._title, self._screen, self._started = title, screen, started
        self._standing: Standing | None = None
        self._heard = time.monotonic()
        self._live = Live(console=screen, get_renderable=self._draw, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def update(self, standing: "Standing") -> None:
        """Remember ``standing`` for the next redraw; the forecast is printed once, above, and stays."""
        if standing.phase == FORECAST:
            self._screen.print(Padding(Text(standing.note), (0, 1, 1, 1)))
            standing = standing._replace(note="")
        self._standing, self._heard = standing, time.monotonic()

    def _draw(self) -> RenderableType:
        now, width = time.monotonic(), self._screen.width
        elapsed = now - self._started
        if self._standing is None:
            return Group(_heading(self._title, clock(elapsed), width), Text(" starting …", style="dim"))
        left = max(0.0, self._standing.seconds_left - (now - self._heard))
        standing = self._standing._replace(seconds_left=left)
        return Group(*_screen_lines(standing, self._title, elapsed, width, self._screen.height))


def _screen_lines(
    standing: "Standing", title: str, elapsed: float, width: int, height: int
) -> list[RenderableType]:
    """The live display, top to bottom, for a window of ``width`` columns and ``height`` rows."""
    facts = " · ".join([_phase(standing), *_facts(standing)])
    bar = ProgressBar(total=1.0, completed=_share(standing, elapsed))
    lines: list[RenderableType] = [
        _heading(title, " · ".join(filter(None, (clock(elapsed), _left(standing)))), width),
        Padding(bar, (0, 1)),
        Padding(Text(facts), (0, 1)),
    ]
    if standing.note:
        note = Text(standing.note, style="dim", no_wrap=True, overflow="ellipsis")
        lines.append(Padding(note, (0, 1)))
    wrapped = len(facts) // max(1, width - 10)
    rows = height - len(lines) - wrapped - 4
    if rows > 0 and standing.networks_planned > 0 and standing.phase != FORECAST:
        lines += [Text(""), _arms(standing, rows, width)]
    return lines


def _heading(title: str, right: str, width: int) -> Text:
    room = max(8, width - len(right) - 3)
    left = Text(title, style="bold")
    left.truncate(room, overflow="ellipsis", pad=True)
    return Text(" ").append_text(left).append(f" {right}", style="dim")


def _arms(standing: "Standing", rows: int, width: int) -> Table:
    """The arms in the plan's order, so that no row jumps; while they are judged, with their verdicts."""
    table = Table(box=None, header_style="dim", padding=(0, 1))
    judged = standing.phase.startswith(JUDGING)
    screened = any(arm.axis for arm in standing.arms)
    if screened:
        table.add_column("axis", no_wrap=True, min_width=max(len(arm.axis) for arm in standing.arms))
    name = "best alternative" if screened else "arm"
    table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=len(name))
    table.add_column("test score" if judged else "validation score", justify="right", no_wrap=True)
    if judged:
        table.add_column("difference", justify="right", no_wrap=True, min_width=17)
    if width >= WIDE:
        table.add_column("networks", justify="right", no_wrap=True)
    if judged:
        table.add_column("verdict", no_wrap=True, min_width=max(map(len, STYLES)))
    for arm in standing.arms[:rows]:
        cells: list[str | Text] = [arm.axis] if screened else []
        cells += [arm.name, "–" if arm.score is None else score(arm.score, 4)]
        cells += [_difference(arm)] if judged else []
        cells += [count(arm.networks)] if width >= WIDE else []
        cells += [Text(arm.verdict, style=STYLES.get(arm.verdict, ""))] if judged else []
        table.add_row(*cells)
    if len(standing.arms) > rows:
        table.add_row(Text(f"and {len(standing.arms) - rows} more", style="dim"))
    return table


def _difference(arm: "ArmStanding") -> str:
    if not math.isfinite(arm.difference):
        return "–"
    return f"{signed(arm.difference, 4)} ± {arm.half_width:.4f}"


def _phase(standing: "Standing") -> str:
    known = (words for name, words in PHASES.items() if standing.phase.startswith(name))
    return next(known, standing.phase.partition("-")[0])


def _facts(standing: "Standing") -> list[str]:
    if standing.phase == READING:
        return []
    return [
        f"{counted(standing.networks, 'network')} trained",
        f"{count(standing.steps_per_second)} member-steps/s",
    ]


def _left(standing: "Standing") -> str:
    """The time left where there is a budget, else the networks left in this phase; nothing while reading."""
    if standing.phase == READING:
        return ""
    if math.isfinite(standing.seconds_left):
        return f"{clock(standing.seconds_left)} left"
    return f"{count(standing.networks_planned - standing.networks)} networks left in this phase"


def _share(standing: "Standing", elapsed: float) -> float:
    """How much of the run is done, 0 to 1: of the time where there is a budget, else of the networks."""
    if math.isfinite(standing.seconds_left):
        return elapsed / max(elapsed + standing.seconds_left, 1e-9)
    return standing.networks / max(standing.networks_planned, 1)


def _scores(standing: "Standing") -> list[str]:
    """The arms' scores so far, or once they are judged what is decided, in one phrase."""
    named = {f"{arm.axis} {arm.name}".strip(): arm for arm in standing.arms if arm.score is not None}
    if standing.phase.startswith(JUDGING):
        words = [f"{name} {arm.verdict}" for name, arm in named.items() if arm.verdict in DECIDED]
        left = sum(arm.verdict == "undecided" for arm in standing.arms)
        return [", ".join([*words, f"{left} undecided"])]
    known = [f"{name} {score(arm.score or 0.0)}" for name, arm in named.items()]
    return ["so far " + ", ".join(known)] if known else []
