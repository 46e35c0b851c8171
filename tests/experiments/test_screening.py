"""Screening: the best alternative of every axis is found on tuning seeds and judged on fresh ones."""

import json
import math

import pytest

from shoal import catalogue
from shoal.errors import UserError
from shoal.experiments import screening
from shoal.experiments.compare import make_plan
from shoal.experiments.screening_plan import axis_names, left_out
from shoal.experiments.sizing import Tuning

from .simulated import Killed, Memory, SimulatedTrainer, run, task

WORK = 12_000_000
EFFECTS = {
    ("optimizer", "nadam"): 0.04,
    ("optimizer", "sgd"): -0.2,
    ("schedule", "cosine"): 0.06,
    ("activation", "tanh"): -0.03,
    ("batch_size", 32): 0.05,
}


def screened(work: int = WORK, **options):
    return run(SimulatedTrainer(effects=EFFECTS, spread=0.02, **options), None, work=work)


def test_every_axis_has_one_row_with_its_best_alternative_against_the_default():
    result = screened()
    rows = {arm.axis: arm for arm in result.arms if arm.verdict != "baseline"}
    assert set(rows) == set(make_plan(task()).screens) <= set(axis_names())
    assert result.baseline == "default" == result.arms[0].name
    found = {axis: rows[axis].name for axis in ("optimizer", "schedule", "batch_size")}
    assert found == {
        "optimizer": "optimizer nadam",
        "schedule": "schedule cosine",
        "batch_size": "batch_size 32",
    }
    assert all(rows[axis].verdict == "better" for axis in found)
    assert rows["schedule"].difference == pytest.approx(0.06, abs=0.015)
    assert {rows[axis].verdict for axis in rows if axis not in found} <= {"same", "undecided"}


def test_every_alternative_is_tried_and_told():
    result = screened()
    plan = make_plan(task())
    told = {axis: [one for one in result.candidates if one.axis == axis] for axis in plan.screens}
    for axis, names in plan.screens.items():
        assert sorted(one.arm for one in told[axis]) == sorted(names)
        assert all(one.trials >= 8 and one.seeds >= 1 for one in told[axis])
        judged = next(arm.name for arm in result.arms if arm.axis == axis)
        assert told[axis][0].arm == judged and told[axis][0].seeds > 3
    assert told["optimizer"][-1].arm == "optimizer sgd"
    assert json.loads(result.to_json())["candidates"]


def test_techniques_that_plain_torch_has_are_tried_and_the_others_counted():
    plan = make_plan(task())
    assert {"optimizer adamw", "optimizer rprop"} <= set(plan.screens["optimizer"])
    assert not {"optimizer lion", "optimizer prodigy"} & set(plan.screens["optimizer"])
    tried = len(plan.screens["optimizer"]) + 1  # the default's own
    more = left_out(plan.screens)
    assert more["optimizer"] == len(catalogue.names("optimizer")) - tried > 0
    (note,) = [note for note in screened().notes if "more techniques" in note]
    assert f"optimizer {more['optimizer']}" in note and "--vary" in note


def test_alternatives_without_a_role_that_the_optimizer_is_split_by_are_left_out():
    base = "normalization=layer_norm optimizer=norm:sgd|adam"
    plan = make_plan(task(), recipe=base)
    assert "normalization none" not in plan.screens["normalization"]
    assert "normalization group_norm" in plan.screens["normalization"]


def test_choosing_and_judging_share_no_seed():
    trainer = SimulatedTrainer(effects=EFFECTS)
    run(trainer, None, work=WORK)
    chosen = {job.seed for _, job in trainer.trained if job.name.startswith("tune/")}
    judged = {job.seed for _, job in trainer.trained if job.name.startswith("evaluate/")}
    assert chosen and judged and not chosen & judged


def test_the_chosen_ones_had_the_trials_that_the_default_had():
    trainer = SimulatedTrainer(effects=EFFECTS)
    result = run(trainer, None, work=WORK)
    tried = {}
    for _, job in trainer.trained:
        if job.name.startswith("tune/"):
            arm, trial, _ = job.name.removeprefix("tune/").rsplit("/", 2)
            tried.setdefault(arm, set()).add(int(trial))
    assert all(tried[arm.name] >= set(range(8)) for arm in result.arms)


def test_where_nothing_helps_nothing_is_called_better():
    """Of 12 screenings of 11 axes without any effect hardly any has a false verdict in it (α is 5 %)."""
    alarms = 0
    for salt in range(12):
        result = run(SimulatedTrainer(spread=0.02, salt=salt), None, work=WORK)
        alarms += any(arm.verdict in ("better", "worse") for arm in result.arms)
    assert alarms <= 2


def test_work_decides_everything_and_a_killed_screening_repeats_itself():
    whole = screened()
    for died in (50, 300, 600):
        record = Memory()
        with pytest.raises(Killed):
            run(
                SimulatedTrainer(effects=EFFECTS, spread=0.02, die_after=died), None, work=WORK, record=record
            )
        again = run(SimulatedTrainer(effects=EFFECTS, spread=0.02), None, work=WORK, record=record)
        assert again.arms == whole.arms and again.candidates == whole.candidates
    assert whole.member_steps <= WORK


def test_a_small_budget_ends_in_time_and_says_what_is_missing():
    trainer = SimulatedTrainer(effects=EFFECTS, seconds_per_step=2e-5, claimed_rate=5e4)
    result = run(trainer, None, budget=3.0)
    assert result.seconds < 3.0 + 1.0
    assert any("budget" in note for note in result.notes)
    assert all(len(arm.seeds) >= 10 for arm in result.arms if arm.verdict not in ("undecided", "baseline"))


def test_alternatives_that_diverge_are_never_chosen():
    trainer = SimulatedTrainer(effects=EFFECTS, fails=lambda job: job.recipe.schedule == "cosine")
    result = run(trainer, None, work=WORK)
    assert next(arm.name for arm in result.arms if arm.axis == "schedule") != "schedule cosine"
    cosine = next(one for one in result.candidates if one.arm == "schedule cosine")
    assert math.isnan(cosine.score)


def test_the_rounds_need_what_they_say():
    plan = make_plan(task(), work=WORK)
    trainer = SimulatedTrainer(effects=EFFECTS)
    result = run(trainer, None, work=WORK)
    tuned = sum(job.name.startswith("tune/") for _, job in trainer.trained)
    planned = screening.networks(plan, Tuning(result.trials, len(result.tuning_seeds) - 1))
    assert planned <= tuned <= 1.15 * planned


def test_work_that_cannot_try_everything_is_refused_before_training():
    trainer = SimulatedTrainer()
    with pytest.raises(
        UserError, match=r"too little to try \d+ alternatives, which takes [\d,]+ member-steps"
    ):
        run(trainer, None, work=1000)
    assert trainer.trained == []
