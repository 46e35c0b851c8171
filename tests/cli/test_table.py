"""The verdict table says what the result says, at every width."""

import io
import math

import pytest
from rich.console import Console

from shoal.cli import tasks_table
from shoal.cli.formats import half_width
from shoal.cli.table import closing_line, console, show
from shoal.experiments.conditions import ArmUnderCondition, ConditionResult
from shoal.experiments.effects import Effect
from shoal.experiments.outsiders import Outsider
from shoal.experiments.screening import Candidate
from shoal.experiments.tasks_result import ArmOverTasks, TasksResult

from .results import BASELINE, NOTHING, arm, result

ARMS = (
    BASELINE,
    arm("sgd", mean=0.945, difference=-0.015, difference_interval=(-0.025, -0.008), verdict="worse"),
    arm("rmsprop", mean=0.97, difference=0.01, difference_interval=(0.008, 0.012), verdict="better"),
)


def _shown(found, width=80, color=False):
    file = io.StringIO()
    show(found, Console(file=file, width=width, force_terminal=color, no_color=not color))
    return file.getvalue()


def _rows(text):
    return [line.split() for line in text.splitlines() if line.split()[:1] and line.split()[0] in NAMES]


NAMES = {"adam", "sgd", "rmsprop"}


def test_rows_are_best_first_and_hold_the_five_columns():
    rows = _rows(_shown(result(*ARMS)))
    assert rows == [
        ["rmsprop", "0.9700", "+0.0100", "±", "0.0020", "420", "ms", "·", "1,536", "steps", "better"],
        ["adam", "0.9600", "–", "420", "ms", "·", "1,536", "steps", "baseline"],
        ["sgd", "0.9450", "−0.0150", "±", "0.0100", "420", "ms", "·", "1,536", "steps", "worse"],
    ]


def test_an_uneven_interval_is_shown_by_its_longer_side():
    assert half_width(ARMS[1].difference, ARMS[1].difference_interval) == pytest.approx(0.010)


def test_decimals_follow_the_uncertainty():
    coarse = result(
        arm("adam", mean=54.321),
        arm("sgd", mean=57.89, difference=3.57, difference_interval=(1.4, 5.74), verdict="worse"),
        metric="rmse",
        higher_is_better=False,
    )
    assert [row[1] for row in _rows(_shown(coarse))] == ["54.3", "57.9"]
    unsure = result(BASELINE, arm("sgd", mean=0.5, difference=-0.46, difference_interval=(-1.0, 0.1)))
    assert [row[1] for row in _rows(_shown(unsure))] == ["0.960", "0.500"]


def test_a_lower_rmse_and_a_lower_judged_number_come_first():
    lower = result(*ARMS, metric="rmse", higher_is_better=False)
    assert [row[0] for row in _rows(_shown(lower))] == ["sgd", "adam", "rmsprop"]
    assert "lower is better" in _shown(lower)
    judged = result(*ARMS, judge="train_loss")
    assert [row[0] for row in _rows(_shown(judged))] == ["sgd", "adam", "rmsprop"]
    assert "train loss (less is better)" in _shown(judged)


def test_an_arm_without_a_number_comes_last_with_dashes():
    rows = _rows(_shown(result(NOTHING, BASELINE)))
    assert rows[1] == ["sgd", "–", "–", "–", "undecided"]


@pytest.mark.parametrize("width", [48, 50, 60, 71, 80, 120])
def test_nothing_is_cut_off_at_any_width(width):
    text = _shown(result(*ARMS), width)
    assert "…" not in text
    for word in ("rmsprop", "0.9700", "+0.0100", "± 0.0020", "420 ms", "better", "baseline"):
        assert word in text
    table = [line for line in text.splitlines() if line.split()[:1] and line.split()[0] in NAMES]
    assert all(len(line.rstrip()) <= width for line in table)


def test_a_window_too_narrow_for_five_columns_wraps_lines_and_loses_nothing():
    assert "…" not in _shown(result(*ARMS), 30)


def test_every_verdict_has_a_style():
    from typing import get_args

    from shoal.cli.table import STYLES
    from shoal.experiments.result import Word

    assert set(STYLES) == set(get_args(Word))


def test_a_pipe_gets_no_colors_and_a_terminal_does():
    file = io.StringIO()
    show(result(*ARMS), console(file))
    assert "\x1b" not in file.getvalue()
    assert "\x1b[" in _shown(result(*ARMS), color=True)


def test_no_color_is_respected_on_a_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    file = Terminal()
    show(result(*ARMS), console(file))
    assert "\x1b[3" not in file.getvalue()


def test_notes_and_the_folder_stand_below_the_table():
    text = _shown(result(*ARMS, notes=("only 4 trials [of 8]",), folder="shoal-results/x"))
    assert text.index("worse") < text.index("• only 4 trials [of 8]") < text.index("shoal-results/x")


def test_undecided_arms_say_how_many_more_seeds_would_tell():
    undecided = arm("sgd", verdict="undecided", more_seeds=14), arm("rmsprop", verdict="undecided")
    text = _shown(result(BASELINE, *undecided), width=100)
    assert "• undecided after 2 evaluation seeds an arm; about so many more would tell: 14 for sgd" in text
    assert "for rmsprop" not in text
    assert "undecided" not in _shown(result(*ARMS))


def test_arms_without_a_finished_network_are_named():
    nothing = {"verdict": "undecided", "seeds": (), "mean": math.nan, "difference": math.nan}
    judged = arm("sgd", verdict="undecided", seeds=(0,))
    text = _shown(result(BASELINE, judged, arm("lion", **nothing)), width=100)
    assert "• undecided after 1 evaluation seed an arm" in text
    assert "• not judged, because too few networks were finished: lion" in text
    text = _shown(result(BASELINE, arm("lion", **nothing)), width=100)
    assert "• nothing could be judged: too few networks were finished" in text


def test_the_closing_line():
    assert closing_line(result(networks_trained=1)).startswith("1 network trained in 59 s;")
    assert closing_line(result()) == (
        "1,234 networks trained in 59 s; a plain PyTorch loop, timed just now on three of them, "
        "would need 26 minutes"
    )
    assert closing_line(result(loop_seconds_estimate=math.nan)) == "1,234 networks trained in 59 s"


def test_a_screening_has_one_row_an_axis_the_lines_to_change_and_the_outsiders():
    arms = [
        arm("default", axis="everything"),
        arm("optimizer nesterov", axis="optimizer", difference=0.0141, difference_interval=(0.009, 0.019),
            verdict="better"),
        arm("depth 3", axis="depth", difference=-0.02, difference_interval=(-0.03, -0.01), verdict="worse"),
    ]  # fmt: skip
    tried = (
        Candidate("optimizer", "optimizer nesterov", 0.63, 7, 8),
        Candidate("optimizer", "optimizer sgd", math.nan, 0, 0),
        Candidate("depth", "depth 3", 0.6, 7, 8),
    )
    shown = result(
        *arms, candidates=tried, axis="everything", baseline="default",
        outsiders=(Outsider("linear model", {0: 0.5, 1: 0.7}, 0.4), Outsider("gradient boosting", {}, 0.0)),
        change=("optimizer = torch.optim.SGD(model.parameters(), nesterov=True)",),
    )  # fmt: skip
    text = _shown(shown, 110)
    lines = [line.split() for line in text.splitlines()]
    assert "varying the best of 2 alternatives on 2 axes against the default" in text
    assert [line[0] for line in lines if line and line[-1] in ("better", "baseline", "worse")] == [
        "optimizer", "default", "depth",
    ]  # fmt: skip
    assert ["linear", "model", "0.6000", "–", "200", "ms", "outsider"] in lines
    assert ["gradient", "boosting", "–", "–", "–", "outsider"] in lines
    assert "Change in your code:" in text and "nesterov=True" in text


def effect(axis: str, value: str, difference: float, verdict: str, against: str = "adam") -> Effect:
    interval = (difference - 0.011, difference + 0.012)
    return Effect(
        axis, value, against, 2, 14, 0.9 + difference, difference, interval, 0.5, 0.01, None, verdict, ""
    )


def test_main_effects_stand_before_the_arms_and_the_best_combination_is_named():
    effects = (
        effect("optimizer", "adam", 0.0, "baseline"),
        effect("optimizer", "sgd", -0.05, "worse"),
        effect("width", "64", 0.0, "baseline"),
        effect("width", "32", 0.002, "same"),
    )
    arms = [arm(f"sgd · width {n}", verdict="undecided", difference=-0.01 * n) for n in range(1, 13)]
    best = arm("adam · width 32", verdict="better", difference=0.02, difference_interval=(0.01, 0.03))
    text = _shown(result(BASELINE, best, *arms, effects=effects))
    rows = [line.split() for line in text.splitlines()]
    assert ["optimizer", "adam", "0.900", "–", "baseline"] in rows
    assert ["sgd", "0.850", "−0.050", "±", "0.012", "worse"] in rows
    assert (
        text.index("main effects")
        < text.index("best combination: adam · width 32 (better")
        < text.index("cost")
    )
    assert "and 6 more arms" in text and "sgd · width 12" not in text
    assert "12 of 13 combinations are undecided" in text


def test_a_table_over_tasks_has_a_word_for_each_and_counts_where_it_is_narrow():
    def over(name, words, rank, mean, verdict):
        return ArmOverTasks(
            name, words, (0.0,) * 3, rank, 1, 1, 1, 0, mean, (mean - 2, mean + 1), 0.0, 0.2, None, verdict, ""
        )

    arms = (
        over("adam", ("baseline",) * 3, 2.0, 0.0, "baseline"),
        over("sgd", ("better", "same", "worse"), 1.5, -0.5, "undecided"),
    )
    found = TasksResult(
        ("digits", "wine", "iris"), "optimizer", "score", "adam", 0.05, 60.0, None, 59.0, 123, 10, arms,
        ("digits",), None, None, 6, (None,) * 3, ("a note",), False, "", "somewhere",
    )  # fmt: skip
    for width, expected in ((120, "better same worse 1.50 −0.5 ± 2.0"), (60, "1 1 1 1.50 −0.5 ± 2.0")):
        file = io.StringIO()
        tasks_table.show(found, Console(file=file, width=width))
        text = " ".join(file.getvalue().split())
        assert f"sgd {expected} undecided adam" in text and "a note" in text and "123 networks" in text


def test_gradients_are_told_where_a_step_takes_more_than_one():
    sam = arm("sam+adam", evaluations=3072.0, difference=0.01, verdict="undecided")
    text = _shown(result(BASELINE, sam), width=110)
    assert "1,536 steps, 3,072 gradients" in text and text.count("gradients") == 1


def test_conditions_are_columns_beside_the_verdict():
    def under(name, difference, word):
        return ArmUnderCondition(name, {}, 10, 0.9, difference, (-1.0, 1.0), 0.1, 0, word)

    found = ConditionResult(
        "untuned", 10.0, False, (under("adam", 0.0, "baseline"), under("sgd", -0.3, "worse"))
    )
    text = _shown(result(*ARMS[:2], conditions=(found,)), width=110)
    assert "untuned" in text
    row = next(line.split() for line in text.splitlines() if line.split()[:1] == ["sgd"])
    assert row[-3:] == ["worse", "−0.300", "worse"]
    narrow = _shown(result(*ARMS[:2], conditions=(found,)), width=80)
    assert (
        next(line.split() for line in narrow.splitlines() if line.split()[:1] == ["sgd"])[-2:]
        == ["worse"] * 2
    )
