"""Arms judged untuned and at other lengths, from the same run."""

import math

import pytest

from shoal import UserError
from shoal.experiments.request import lengths_of
from shoal.statistics.comparisons import compare

from .simulated import Killed, Memory, SimulatedTrainer, run

WORK = 2_000_000


class ShortLoses(SimulatedTrainer):
    """rmsprop is behind by a tenth in trainings of fewer than 40 epochs."""

    def _outcome(self, job):
        one = super()._outcome(job)
        behind = 0.1 * (job.recipe.optimizer == "rmsprop" and job.recipe.epochs < 40)
        return one._replace(test_score=one.test_score - behind, valid_score=one.valid_score - behind)


def test_untuned_verdicts_stand_beside_the_tuned_ones_and_a_contradiction_is_said():
    # sgd's default lr is a decade and more from its best: untuned it is worse, tuned the same.
    trainer = SimulatedTrainer(best_lr={"sgd": 1.0}, spread=0.004)
    result = run(trainer, work=WORK)
    (untuned,) = result.conditions
    assert (untuned.name, untuned.tuned, untuned.epochs) == ("untuned", False, result.epochs)
    assert result.arms[1].verdict == "same" and untuned.arms[1].verdict == "worse"
    assert any("untuned, sgd is worse, not same" in note for note in result.notes)
    jobs = [job for phase, job in trainer.trained if phase == "evaluate-untuned"]
    assert {job.recipe.hyper["sgd.lr"] for job in jobs if job.recipe.optimizer == "sgd"} == {0.01}
    assert {job.seed for job in jobs} <= set(result.arms[0].seeds) and untuned.arms[1].seeds == 10
    assert result.member_steps <= WORK


def test_a_condition_is_one_plain_test_of_its_own():
    record = Memory()
    result = run(SimulatedTrainer(best_lr={"sgd": 1.0}), work=WORK, record=record)
    found = record.outcomes("evaluate-untuned")
    scores = {
        arm: [found[f"also/untuned/{arm}/{seed}"].test_score for seed in range(10)] for arm in ("adam", "sgd")
    }
    plain = compare(scores["sgd"], scores["adam"], resolution=1 / 200)
    sgd = result.conditions[0].arms[1]
    assert (sgd.difference, sgd.p_corrected) == pytest.approx((plain.difference, plain.p))
    assert sgd.difference_interval == pytest.approx(plain.interval)


def test_lengths_are_tuned_for_themselves_and_judged():
    trainer = ShortLoses({"rmsprop": 0.85}, spread=0.004)
    result = run(trainer, "optimizer=adam,rmsprop", work=8_000_000, lengths="1/4,1", defaults=False)
    (quarter,) = result.conditions
    assert quarter.name == "1/4" and quarter.epochs == pytest.approx(result.epochs / 4) and quarter.tuned
    assert result.arms[1].verdict == "better" and quarter.arms[1].verdict == "worse"
    assert any("at 1/4 of the length, rmsprop is worse, not better" in note for note in result.notes)
    epochs = {phase: job.recipe.epochs for phase, job in trainer.trained}
    assert epochs["tune-10-4"] == epochs["evaluate-1/4"] == pytest.approx(epochs["tune-0-4"] / 4)
    seeds = {phase: {job.seed for one, job in trainer.trained if one == phase} for phase in epochs}
    assert not seeds["tune-10-4"] & (seeds["tune-0-4"] | seeds["evaluate-0"])
    assert result.member_steps <= 8_000_000


def test_what_nobody_asked_for_is_left_out_where_it_is_dear_and_what_was_asked_for_is_said():
    dear = run(SimulatedTrainer(), work=WORK // 16, trials=4, seeds=10)
    assert dear.conditions == () and not any("conditions" in note for note in dear.notes)
    asked = run(SimulatedTrainer(), work=WORK // 100, trials=4, seeds=200, defaults=True)
    assert asked.conditions == () and any("did not pay all conditions" in note for note in asked.notes)
    assert run(SimulatedTrainer(), work=WORK, defaults=False).conditions == ()


def test_nothing_to_tune_has_no_untuned_column():
    fixed = "lr=0.01 l2.coefficient=0.0001"
    result = run(SimulatedTrainer(), "width=32,64", recipe=fixed, work=WORK, defaults=True)
    assert result.conditions == ()


def test_a_killed_run_has_the_same_conditions():
    options = {"work": 1_000_000, "lengths": "1/4", "defaults": True}
    whole = run(SimulatedTrainer(), **options)
    assert len(whole.conditions) == 2
    for share in (0.5, 0.8, 0.95):
        record = Memory()
        with pytest.raises(Killed):
            run(SimulatedTrainer(die_after=int(share * whole.networks_trained)), record=record, **options)
        again = run(SimulatedTrainer(), record=record, **options)
        assert again.conditions == whole.conditions and again.arms == whole.arms


def test_lengths_are_shares():
    assert lengths_of("1/4, 0.5,1") == (0.25, 0.5) and lengths_of(None) == lengths_of(["1"]) == ()
    for wrong in ("2", "0", "x", "1/0", "nan", "-1/2"):
        with pytest.raises(UserError, match="no share of the full training"):
            lengths_of(wrong)


def test_infinite_and_diverged_runs_count_as_elsewhere():
    trainer = SimulatedTrainer(
        fails=lambda job: job.recipe.optimizer == "sgd" and job.recipe.hyper["sgd.lr"] == 0.01
    )
    sgd = run(trainer, work=WORK).conditions[0].arms[1]
    assert sgd.diverged == 10 and sgd.verdict == "worse" and math.isclose(sgd.mean, 0.0)
