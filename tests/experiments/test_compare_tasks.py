"""Comparisons over tasks, with networks that are formulas."""

import json
import math

import numpy as np
import pytest

import shoal
from cli.results import BASELINE, arm
from cli.results import result as one
from shoal import UserError
from shoal.experiments import over_tasks
from shoal.experiments.budget import Clock
from shoal.experiments.compare_tasks import compare_tasks
from shoal.experiments.request import Request
from shoal.experiments.tasks_plan import each_of, listed
from shoal.statistics.corrections import holm
from shoal.statistics.intervals import mean_interval
from shoal.statistics.over_tasks import signed_rank_p

from .simulated import Killed, SimulatedTrainer, task

WORK = 1_500_000


def tasks(count=3):
    return tuple(task(name=f"t{number}") for number in range(count))


def run(folder, trainer, count=3, **options):
    given = {"vary": "optimizer=adam,sgd", "work": WORK * count, "trials": 4, "seeds": 10, **options}
    asked = Request(tasks=tasks(count), **given)
    return compare_tasks(asked, None, Clock(None, None), folder, "auto", trainer, None)


def compared(*differences, names=("adam", "sgd", "lion"), **changes):
    """A result whose arms differ from the baseline by what is said."""
    arms = [BASELINE]
    for name, difference in zip(names[1:], differences, strict=True):
        counted = tuple(0.9 + difference + 0.001 * seed for seed in range(2))
        arms.append(arm(name, difference=difference, counted=counted, verdict="undecided"))
    return one(*arms, **changes)


DIFFERENCES = np.random.default_rng(0).normal([0.03, -0.001], [0.02, 0.005], size=(9, 2))


def judged(differences, **changes):
    found = [compared(*map(float, row), **changes) for row in differences]
    return over_tasks.judge(found, ["adam", "sgd", "lion"], "adam", 0.05)


def test_verdicts_over_tasks_by_hand():
    found = judged(DIFFERENCES)
    units = DIFFERENCES / 0.01
    p = holm([signed_rank_p(units[:, 0]), signed_rank_p(units[:, 1])])
    sgd, lion = found.arms[1:]
    assert (sgd.p_corrected, lion.p_corrected) == pytest.approx(tuple(p))
    assert sgd.mean == pytest.approx(units[:, 0].mean())
    assert sgd.interval == pytest.approx(mean_interval(units[:, 0]))
    assert sgd.verdict == "better" and lion.verdict == "same"
    ranks = 1 + (units[:, [0]] < np.column_stack([units[:, 1], np.zeros(9)])).sum(axis=1)
    assert sgd.average_rank == pytest.approx(ranks.mean())
    assert found.friedman_p is not None and found.fewest_tasks == 7 and found.counted == tuple(range(9))


def test_lower_is_better_for_an_error():
    found = judged(DIFFERENCES, higher_is_better=False, metric="rmse")
    assert found.arms[1].verdict == "worse" and found.arms[1].average_rank > 2


def test_few_tasks_tell_nothing_over_tasks_and_say_how_many_would():
    found = judged(np.tile([0.05, -0.05], (5, 1)) + DIFFERENCES[:5] / 100)
    assert {one.verdict for one in found.arms[1:]} == {"undecided"}
    assert found.arms[1].more_tasks >= 2 and "at least 7 are needed" in found.arms[1].words
    assert any("5 tasks cannot show" in note for note in found.notes)


def test_a_task_that_could_not_be_judged_or_was_not_begun_does_not_count():
    whole = [compared(0.05, 0.0) for _ in range(3)]
    found = over_tasks.judge([*whole, compared(math.nan, 0.0), None], ["adam", "sgd", "lion"], "adam", 0.05)
    assert found.counted == (0, 1, 2) and math.isnan(found.arms[1].differences[3])
    untuned = over_tasks.judge(
        [*whole, compared(0.05, 0.0, tuned=False)], ["adam", "sgd", "lion"], "adam", 0.05
    )
    assert untuned.counted == (0, 1, 2)
    nothing = over_tasks.judge([None, None], ["adam", "sgd", "lion"], "adam", 0.05)
    assert nothing.counted == () and nothing.arms[1].verdict == "undecided"
    assert [one.words for one in nothing.arms[:2]] == [
        "adam: the baseline", "sgd: undecided over tasks, because on no task all arms were judged",
    ]  # fmt: skip


def test_equal_arms_over_tasks_alarm_at_most_at_alpha():
    source, alarms = np.random.default_rng(3), 0
    for _ in range(60):
        found = judged(source.normal(0.0, 0.03, size=(10, 2)))
        alarms += any(one.verdict in ("better", "worse") for one in found.arms[1:])
    assert alarms <= 60 * 0.05 + 2 * math.sqrt(60 * 0.05 * 0.95)


def test_each_task_has_its_own_tuning_record_and_verdict_and_the_whole_is_plain_json(tmp_path):
    found = run(tmp_path / "run", SimulatedTrainer({"sgd": 0.7}), 2)
    assert found.tasks == ("t0", "t1") and [one.verdict for one in found.arms] == ["baseline", "undecided"]
    assert found.arms[1].verdicts == ("worse", "worse") and found.arms[1].worse == 2
    for name in ("1-t0", "2-t1"):
        assert (tmp_path / "run" / name / "record.sqlite").exists()
        assert (tmp_path / "run" / name / "scores.csv").exists()
    plain = json.loads(found.to_json())
    assert plain["comparisons"][1]["arms"][1]["verdict"] == "worse"
    assert found["arms"] is found.arms and "over tasks" in repr(found)
    assert found.member_steps <= 2 * WORK


def test_killed_and_interrupted_runs_continue_as_if_nothing_had_happened(tmp_path):
    def plain(found):
        kept = found.to_dict()
        for each in kept["comparisons"]:
            del each["seconds"], each["folder"]
        return {key: value for key, value in kept.items() if key not in ("seconds", "folder")}

    whole = plain(run(tmp_path / "whole", SimulatedTrainer()))
    networks = whole["networks_trained"]
    stopped = run(tmp_path / "run", SimulatedTrainer(interrupt_after=networks // 4))
    assert stopped.interrupted and stopped.comparisons[-1] is None
    assert any("interrupted" in note for note in stopped.notes)
    with pytest.raises(Killed):
        run(tmp_path / "run", SimulatedTrainer(die_after=networks // 4))
    again = SimulatedTrainer()
    assert plain(run(tmp_path / "run", again)) == whole
    assert 0 < len(again.trained) < networks


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tasks": "digits"}, "at least two, got 1"),
        ({"tasks": "digits,digits"}, "digits is given twice"),
        ({"tasks": "digits,wine", "task": "wine"}, "a task or several, not both|a task or several tasks"),
        ({"tasks": "digits,wine", "vary": None}, "name them with --vary or --arm"),
        ({"tasks": "digits,wine", "group": "patient"}, "group is for one task"),
        ({"tasks": "digits,wine", "margin": 0}, "margin cannot be 0"),
        ({"tasks": "digits,nothing"}, "nothing"),
        ({"tasks": "digits,diabetes", "vary": "network"}, "not the same arms|at least two values"),
    ],
)
def test_wrong_tasks_are_one_sentence(options, sentence, tmp_path):
    with pytest.raises(UserError, match=sentence):
        shoal.compare(**{"vary": "optimizer=adam,sgd", "work": 1000, "out": tmp_path / "run", **options})
    assert not (tmp_path / "run").exists()


def test_a_table_names_its_target_or_shares_it(tmp_path):
    rows = "\n".join(f"{number},{number % 7},{'yes' if number % 2 else 'no'}" for number in range(120))
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"x,z,label\n{rows}\n")
    named = f"digits,{tmp_path}/a.csv:z,{tmp_path}/b.csv"
    asked = Request(tasks=listed(named), target="label", vary="optimizer=adam,sgd", work=9000)
    found, _ = each_of(asked)
    assert [one.asked.target for one in found] == [None, "z", "label"]
    assert [one.folder for one in found] == ["1-digits", "2-a", "3-b"]
    assert {one.plan.work for one in found} == {3000}


def test_a_plan_file_holds_the_tasks_and_runs_them_again(tmp_path):
    options = {"vary": "optimizer=adam,sgd", "trials": 4, "seeds": 2, "recipe": "epochs=1"}
    file = tmp_path / "two.toml"
    found = shoal.compare(
        tasks="wine,breast-cancer",
        work=9_000,
        plan=file,
        out=tmp_path / "run",
        trainer=SimulatedTrainer(),
        **options,
    )
    assert found.tasks == ("wine", "breast-cancer") and all(len(one.arms) == 2 for one in found.comparisons)
    assert 'tasks = ["wine", "breast-cancer"]' in file.read_text()
    again = shoal.compare(plan=file, out=tmp_path / "again", trainer=SimulatedTrainer())
    assert [one.mean for one in again.comparisons[1].arms] == [one.mean for one in found.comparisons[1].arms]
    with pytest.raises(UserError, match="holds another comparison"):
        shoal.compare(tasks="wine,digits", work=9_000, plan=file, **options)
