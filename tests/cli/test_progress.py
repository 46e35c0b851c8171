"""Progress is calm: few lines on a pipe, one redrawn block on a terminal, and never in the run's way."""

import io
import math
import os

import pytest
from rich.console import Console

from shoal.cli.progress import LiveDisplay, PlainLines, display
from shoal.experiments.standing import ArmStanding, Standing

ARMS = (ArmStanding("adam", 0.9612, 4), ArmStanding("sgd", None, 0))


def standing(**changes):
    now = Standing("tune", 37, 400, 50_000, 24_310.4, 48.0, ARMS, "stacks of 16")
    return now._replace(**changes)


class Clock:
    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


def _plain():
    file, clock = io.StringIO(), Clock()
    return file, clock, PlainLines(file, 88.0, clock)


def test_a_line_says_phase_networks_rate_time_left_and_scores():
    file, _, lines = _plain()
    lines.update(standing())
    assert file.getvalue() == (
        "shoal: 0:12 · tuning · 37 networks trained · 24,310 member-steps/s · 0:48 left · so far adam 0.961\n"
    )


def test_without_a_budget_the_networks_left_are_told():
    file, _, lines = _plain()
    lines.update(standing(seconds_left=math.inf))
    assert "363 networks left in this phase" in file.getvalue()


def test_lines_are_at_least_five_seconds_apart_within_a_phase():
    file, clock, lines = _plain()
    for _ in range(100):
        lines.update(standing())
        clock.seconds += 0.1001
    assert file.getvalue().count("\n") == 2
    lines.update(standing(phase="evaluate-0"))
    lines.update(standing(phase="evaluate-1"))
    assert file.getvalue().count("judging on fresh seeds") == 1


def test_the_forecast_is_said_in_its_own_words():
    file, _, lines = _plain()
    lines.update(standing(phase="forecast", note="about 400 networks fit"))
    assert file.getvalue() == "shoal: 0:12 · forecast · about 400 networks fit\n"
    shown = io.StringIO()
    live = LiveDisplay("title", Console(file=shown, width=80, force_terminal=True, color_system=None), 0.0)
    with live:
        live.update(standing(phase="forecast", note="about 400 networks fit"))
        live.update(standing())
    assert shown.getvalue().count("about 400 networks fit") == 1


def test_a_reader_that_goes_away_silences_the_lines_and_stops_nothing():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as file:
        lines = PlainLines(file, 0.0, Clock())
        lines.update(standing())
        assert lines._file is None
        lines.update(standing(phase="evaluate-0"))
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())


def _drawn(now, width=80, height=24):
    file = io.StringIO()
    screen = Console(file=file, width=width, height=height, force_terminal=True, color_system=None)
    live = LiveDisplay("digits · optimizer", screen, 0.0)
    live.update(now)
    screen.print(live._draw())
    return file.getvalue()


@pytest.mark.parametrize("phase", ["tune", "evaluate-0"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (50, 16), (30, 10)])
def test_the_live_display_fits_its_window(width, height, phase):
    name = "a_rather_long_technique_"
    many = [ArmStanding(f"{name}{n}", 0.9, 10, 0.01, 0.02, "undecided", "normalization") for n in range(60)]
    lines = _drawn(standing(phase=phase, arms=tuple(many)), width, height).splitlines()
    assert len(lines) < height
    assert max(map(len, lines)) <= width


def test_the_live_display_holds_what_matters():
    text = _drawn(standing())
    for words in (
        "digits · optimizer",
        "0:48 left",
        "tuning",
        "37 networks",
        "24,310 member-steps/s",
        "stacks of 16",
    ):
        assert words in text
    assert ["adam", "0.9612", "4"] in [line.split() for line in text.splitlines()]
    assert "validation score" in text
    assert "test score" in _drawn(standing(phase="evaluate-2"))


JUDGED = (
    ArmStanding("default", 0.61, 24, verdict="baseline"),
    ArmStanding("nesterov", 0.6241, 24, 0.0141, 0.0051, "better", "optimizer"),
    ArmStanding("cosine", 0.6081, 12, -0.0019, 0.0104, "undecided", "schedule"),
)


def test_while_arms_are_judged_their_differences_and_verdicts_stand_beside_them():
    lines = [line.split() for line in _drawn(standing(phase="evaluate-1", arms=JUDGED), 100).splitlines()]
    assert ["optimizer", "nesterov", "0.6241", "+0.0141", "±", "0.0051", "24", "better"] in lines
    assert ["schedule", "cosine", "0.6081", "−0.0019", "±", "0.0104", "12", "undecided"] in lines
    assert any(line[:2] == ["axis", "best"] for line in lines)
    file, _, plain = _plain()
    plain.update(standing(phase="evaluate-1", arms=JUDGED))
    assert "optimizer nesterov better, 1 undecided" in file.getvalue()


def test_a_screening_shows_the_best_alternative_of_each_axis_so_far():
    arms = (
        ArmStanding("nesterov", 0.63, 9, axis="optimizer", tried=3),
        ArmStanding("", None, 0, axis="depth"),
    )
    text = _drawn(standing(phase="tune-screen-1", arms=arms))
    assert ["optimizer", "nesterov", "0.6300", "9"] in [line.split() for line in text.splitlines()]
    assert "trying alternatives" in text and "best alternative" in text


def test_more_arms_than_rows_are_counted():
    many = tuple(ArmStanding(f"arm{number}", 0.9, 10) for number in range(60))
    assert "and 44 more" in _drawn(standing(arms=many), height=24)


def test_a_pipe_gets_lines_and_a_terminal_the_live_display(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert isinstance(display("title", io.StringIO(), 0.0), PlainLines)
    assert isinstance(display("title", Terminal(), 0.0), LiveDisplay)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(display("title", Terminal(), 0.0), PlainLines)
