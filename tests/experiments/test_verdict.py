"""What may be said of outcomes: judges, divergence in every metric, words, JSON."""

import json
import math
from typing import Any

import numpy as np
import pytest

from shoal.experiments.plan import JUDGES
from shoal.experiments.tuning import Tuned
from shoal.population.recipe import Recipe
from shoal.statistics.intervals import mean_interval

from .simulated import Memory, SimulatedTrainer, run, task

WORK = 400_000


@pytest.mark.parametrize("judge", JUDGES)
def test_each_judge_compares_its_own_number_and_less_is_better_except_of_accuracy(judge):
    record = Memory()
    result = run(SimulatedTrainer({"sgd": 0.5}), work=WORK, judge=judge, seeds=12, record=record)
    outcomes = record.outcomes("evaluate-0")
    number = {
        "score": lambda one: one.test_score,
        "train_loss": lambda one: one.train_loss,
        "time": lambda one: one.seconds,
        "steps": lambda one: one.steps,
        "evaluations": lambda one: one.evaluations,
        "gap": lambda one: one.train_score - one.test_score,
        "memory": lambda one: one.memory,
    }[judge]
    for arm in result.arms:
        expected = [number(outcomes[f"evaluate/{arm.name}/{seed}"]) for seed in arm.seeds]
        assert arm.counted == pytest.approx(expected)
        assert arm.scores == tuple(outcomes[f"evaluate/{arm.name}/{seed}"].test_score for seed in arm.seeds)
    if judge in ("score", "train_loss"):
        assert result.arms[1].verdict == "worse"
    if judge in ("time", "steps", "memory"):
        assert result.arms[1].verdict == "same"


def test_numbers_of_an_arm_against_plain_formulas():
    result = run(SimulatedTrainer({"sgd": 0.79}, spread=0.02), work=WORK, seeds=15)
    adam, sgd = (np.array(arm.scores) for arm in result.arms)
    arm = result.arms[1]
    assert arm.mean == pytest.approx(sgd.mean()) and arm.difference == pytest.approx((sgd - adam).mean())
    assert arm.interval == pytest.approx(mean_interval(sgd))
    plain = mean_interval(sgd - adam)
    # Chosen on 9 tuning seeds, and the baseline on 17: 15 seeds, widened by the luck of that.
    luck = 0.5 * (1 / 9 + 1 / 17) / 2
    assert arm.difference_interval[1] - arm.difference == pytest.approx(
        (plain.high - arm.difference) * (1 + 15 * luck) ** 0.5
    )
    wins = np.mean(sgd[:, None] > adam[None, :])
    assert arm.probability_of_improvement == pytest.approx(wins)


def test_p_is_corrected_over_all_arms():
    two = run(SimulatedTrainer({"sgd": 0.5}, spread=0.02), work=4 * WORK, seeds=12)
    four = run(
        SimulatedTrainer({"sgd": 0.5}, spread=0.02),
        "optimizer=adam,sgd,rmsprop,momentum",
        work=8 * WORK,
        seeds=12,
    )
    # Twelve equal signs: p is 2⁻¹¹ for one arm, and three times that where it is the smallest of three.
    assert two.arms[1].p_corrected == 2.0**-11
    assert four.arms[1].p_corrected == 3 * 2.0**-11


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("metric", ["accuracy", "rmse"])
def test_a_diverged_run_is_worst_for_every_judge_and_metric(judge, metric):
    trainer = SimulatedTrainer(fails=lambda job: job.recipe.optimizer == "sgd" and job.seed == 4)
    result = run(trainer, work=WORK, judge=judge, seeds=12, of=task(metric))
    adam, sgd = result.arms
    everything = [*adam.counted, *sgd.counted]
    worst = min(everything) if judge == "score" and metric == "accuracy" else max(everything)
    assert sgd.diverged == 1 and adam.diverged == 0
    assert sgd.counted[4] == worst and math.isfinite(worst)
    assert math.isnan(sgd.scores[4])
    if judge == "score" and metric == "rmse":
        # The test part's targets lie between 1 and 1.5 standard deviations from the mean; a deviation is 2.
        assert 2.0 < sgd.counted[4] < 3.0


def test_arms_that_always_diverge_still_get_a_verdict():
    result = run(SimulatedTrainer(fails=lambda job: job.recipe.optimizer == "sgd"), work=WORK, seeds=12)
    assert result.arms[1].verdict == "worse" and result.arms[1].diverged == 12
    plain = json.loads(result.to_json())["arms"][1]
    assert plain["scores"] == [None] * 12 and plain["train_loss"] is None and plain["mean"] == 0.0


def test_when_every_run_diverges_nothing_is_better():
    result = run(SimulatedTrainer(fails=lambda job: True), work=WORK, seeds=12)
    assert result.arms[1].verdict not in ("better", "worse")
    json.loads(result.to_json())


def test_rmse_is_judged_downwards_with_a_relative_margin():
    result = run(SimulatedTrainer({"sgd": 0.7}, curvature=0.0), work=4 * WORK, seeds=12, of=task("rmse"))
    # The simulated surface has its peak where accuracy would be best: as an RMSE, smaller is better.
    assert not result.higher_is_better
    assert result.margin == pytest.approx(0.02 * result.arms[0].mean)
    assert result.arms[1].difference < 0 and result.arms[1].verdict == "better"


def test_batch_sizes_at_a_fixed_lr_are_warned_of():
    def notes(recipe: Recipe | None) -> str:
        trainer = SimulatedTrainer(field="batch_size")
        return " ".join(run(trainer, "batch_size=32,64", work=4 * WORK, recipe=recipe).notes)

    assert "fixed lr" in notes(Recipe(hyper={"adam.lr": 1e-3}))
    assert "fixed lr" not in notes(None)


def test_the_table_has_five_columns_and_puts_the_best_arm_first():
    result = run(SimulatedTrainer({"sgd": 0.9}), work=WORK, seeds=12)
    lines = result.table()
    assert lines[0].split() == ["arm", "accuracy", "difference", "cost", "verdict"]
    assert [line.split()[0] for line in lines[1:]] == ["sgd", "adam"]
    assert "better" in lines[1] and "±" in lines[1]
    assert all(line in repr(result) for line in lines)


def test_a_result_is_also_a_mapping():
    result = run(SimulatedTrainer(), work=WORK)
    assert result["arms"] is result.arms and set(dict(result)) == set(result.to_dict())
    with pytest.raises(KeyError):
        result["nothing"]


def test_sentences_name_the_arm_its_number_and_its_verdict():
    result = run(SimulatedTrainer({"sgd": 0.6}), work=WORK, seeds=12)
    for arm in result.arms:
        assert arm.words.startswith(f"{arm.name}: accuracy {arm.mean:.4g}")
    assert result.arms[0].words.endswith("the baseline") and result.arms[1].words.endswith(": worse")


def test_arms_that_could_not_be_tuned_in_time_are_promised_nothing(monkeypatch):
    cut_off = Tuned({}, {})
    monkeypatch.setattr("shoal.experiments.run.tune", lambda *_: cut_off)
    result = run(SimulatedTrainer({"sgd": 0.76}, spread=0.05), work=WORK, seeds=10)
    told = "tuning was cut off too early: arms ran at default hyperparameters and cannot be judged"
    assert told in result.notes
    assert all(arm.more_seeds is None and arm.verdict in ("baseline", "undecided") for arm in result.arms)


def test_one_seed_tells_nothing_of_chance():
    arm = run(SimulatedTrainer({"sgd": 0.5}), work=WORK, seeds=1).arms[1]
    assert arm.words.endswith("undecided, because one seed tells nothing of chance")


def test_undecided_says_how_many_more_seeds_would_tell():
    options: dict[str, Any] = {"work": WORK, "seeds": 10}
    result = run(SimulatedTrainer({"sgd": 0.76}, spread=0.05), **options)
    arm = result.arms[1]
    assert arm.verdict == "undecided" and arm.more_seeds is not None and arm.more_seeds > 0
    assert f"about {arm.more_seeds} more" in arm.words
