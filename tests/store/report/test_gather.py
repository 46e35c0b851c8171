"""From the record to plain data: curves with intervals, trials of the last attempt, and what refuses."""

import math

import pytest

from shoal.errors import UserError
from shoal.statistics.intervals import mean_interval
from shoal.store.record import Record
from shoal.store.report import tuned
from shoal.store.report.band import band
from shoal.store.report.gather import COLORS, gather
from shoal.store.report.write import text_of

from . import made

CURVE = [[10, 0.5, 0.8, 10.0, 0.1], [20, 0.25, 0.9, 20.0, 0.2]]


def gathered(folder):
    with Record(folder, write=False) as record:
        return gather(record)


def test_a_band_is_the_mean_and_students_interval():
    values = [0.7, 0.8, 0.95, 0.72]
    (first, second) = band([[(1, value), (2, 2 * value)] for value in values])
    for scale, point in ((1, first), (2, second)):
        low, high = mean_interval([scale * value for value in values], 0.95)
        assert (point.low, point.high) == pytest.approx((low, high), rel=1e-12)
        assert (point.step, point.mean, point.seeds) == (scale, pytest.approx(scale * 0.7925), 4)


def test_a_seed_that_stopped_early_or_failed_leaves_its_later_steps_to_the_others():
    found = band([[(1, 0.5), (2, 0.6)], [(1, 0.7)], [(1, math.nan), (2, 0.8)]])
    assert [(point.seeds, point.mean) for point in found] == [
        (2, pytest.approx(0.6)),
        (2, pytest.approx(0.7)),
    ]
    (alone,) = band([[(1, 0.5)]])
    assert (alone.low, alone.high) == (-math.inf, math.inf)
    assert band([]) == ()


def test_an_arm_has_its_curve_without_diverged_seeds_and_its_trials(tmp_path):
    outcomes = [
        made.judged("adam", 0, CURVE),
        made.judged("adam", 1, [[10, 0.7, 0.6, 10.0, 0.1]], diverged=True),
        made.trial("adam", 0, 0.001, 0.9),
        made.trial("adam", 0, 0.001, 0.8, made.TUNING + 1),
        made.trial("adam", 1, 0.01, 0.7),
        made.trial("adam", 2, 0.1, math.nan),
    ]
    (arm,) = gathered(made.write(tmp_path, made.result(made.baseline()), outcomes)).arms
    assert [(point.step, point.mean, point.seeds) for point in arm.score_curve] == [
        (10, 0.8, 1),
        (20, 0.9, 1),
    ]
    assert [point.mean for point in arm.loss_curve] == [0.5, 0.25]
    assert arm.lr == "adam.lr"
    first, second, third = arm.trials
    assert (first.score, first.seeds, first.chosen) == (pytest.approx(0.85), 2, False)
    assert (second.chosen, second.point["adam.lr"]) == (True, 0.01)
    assert (third.diverged, math.isnan(third.score)) == (True, True)


def test_only_the_last_attempt_at_tuning_counts(tmp_path):
    """A run whose first trials were too slow tunes again with shorter trainings and seeds of its own."""
    outcomes = [made.trial("adam", 0, 0.1, 0.2), made.trial("adam", 0, 0.001, 0.9, made.TUNING + 1000)]
    (arm,) = gathered(made.write(tmp_path, made.result(made.baseline()), outcomes)).arms
    assert [(one.score, one.seeds) for one in arm.trials] == [(0.9, 1)]


@pytest.mark.parametrize("replicate", [0, 3])
def test_trials_at_another_length_of_training_are_none_of_the_arms(tmp_path, replicate):
    first = made.TUNING + 2_000_000 * replicate
    outcomes = [
        made.trial("adam", 0, 0.001, 0.9, first),
        made.trial("adam", 0, 0.1, 0.2, first + 10_000),
        made.trial("adam", 1, 0.1, 0.2, first + 11_000),
    ]
    (arm,) = gathered(made.write(tmp_path, made.result(made.baseline()), outcomes)).arms
    assert [(one.score, one.seeds) for one in arm.trials] == [(0.9, 1)]


def test_the_baseline_and_the_best_others_have_colors_and_the_best_stands_first(tmp_path):
    report = gathered(made.random_run(tmp_path, arms=12, seeds=2, trials=1))
    differences = [arm.difference for arm in report.arms]
    assert differences == sorted(differences, reverse=True)
    assert report.base.color == 0
    others = [arm.color for arm in report.arms if not arm.is_baseline]
    assert others == [*range(1, COLORS), *[None] * (11 - (COLORS - 1))]


def test_where_less_is_better_the_least_stands_first(tmp_path):
    arms = [made.baseline(), made.arm("more", 0.97), made.arm("less", 0.90)]
    folder = made.write(tmp_path, made.result(*arms, judge="train_loss"), [])
    assert [arm.name for arm in gathered(folder).arms] == ["less", "adam", "more"]


def test_two_files_of_one_name_stay_two_arms(tmp_path):
    names = ["adam", "/a/mine.py", "/b/mine.py"]
    arms = [made.baseline(), *(made.arm(name, search_space={}) for name in names[1:])]
    folder = made.write(tmp_path, made.result(*arms), [made.judged("/b/mine.py", 0, CURVE)])
    found = {arm.name: len(arm.score_curve) for arm in gathered(folder).arms}
    assert found == {"adam": 0, "mine.py": 0, "mine.py (2)": 2}


def test_a_run_without_a_verdict_says_what_to_do(tmp_path):
    with Record(tmp_path) as record:
        record.write_plan({})
        with pytest.raises(UserError, match="is still being trained; its report is written at its end"):
            text_of(tmp_path)
    with pytest.raises(UserError, match=r"has no verdict yet, .* --resume must"):
        text_of(tmp_path)


def test_a_result_of_another_shoal_says_so(tmp_path):
    with Record(tmp_path) as record:
        record.write_verdict({"arms": [], "task": "digits"})
    with pytest.raises(UserError, match="was written by another version of shoal and has no baseline"):
        text_of(tmp_path)


def test_a_record_without_trials_points_machine_or_plan_still_has_a_report(tmp_path):
    old = made.trial("adam", 0, 0.1, 0.9)._replace(details={})
    folder = made.write(tmp_path, made.result(made.baseline()), [old], machine=None)
    (folder / "plan.toml").unlink()
    text = text_of(folder)
    assert "did not write down machine and versions" in text
    assert "holds no plan.toml" in text
    assert "How sensitive" not in text


def test_what_was_tuned_begins_with_the_learning_rate(tmp_path):
    arm = made.baseline(hyper={"adam.lr": 0.01, "adam.beta1": 0.9, "width": 64})
    arm["search_space"]["adam.beta1"] = {"low": 0.8, "high": 0.99, "log": False, "tried": None}
    outcomes = [made.trial("adam", number, 0.01, 0.9, seed) for number in (0, 1) for seed in (1, 2)]
    report = gathered(made.write(tmp_path, made.result(arm), outcomes))
    first, second = tuned.tuned(report)
    assert (first.name, first.range, first.tried) == ("adam.lr", "1e−5 to 0.1, logarithmic", "1e−5 to 0.1")
    assert (first.chosen, first.trials, first.runs) == ("0.01", 2, 4)
    assert (second.name, second.range, second.tried) == ("adam.beta1", "0.8 to 0.99", "–")
    assert tuned.fixed(report) == (("adam", "width 64"),)
    assert dict(tuned.budget(report))["Tuning seeds"] == "2, none of them used to judge"
