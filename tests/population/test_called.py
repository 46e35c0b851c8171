"""A user's function in the trainer's place."""

import math

import numpy as np
import pytest

import shoal
from experiments.simulated import run
from shoal.errors import UserError
from shoal.population.called import CalledTrainer
from shoal.population.recipe import Job, Recipe
from shoal.tasks.elsewhere import elsewhere


def score(recipe: Recipe, seed: int) -> float:
    luck = 0.01 * float(np.random.default_rng(seed).normal())
    lr = recipe.hyper[f"{recipe.optimizer}.lr"]
    return 0.8 + 0.1 * (recipe.optimizer == "adam") - 0.02 * math.log10(lr / 1e-2) ** 2 + luck


def test_a_comparison_may_be_trained_by_ones_own_function():
    result = run(CalledTrainer(score), of=elsewhere("mine"), work=400)
    words = {arm.name: arm.verdict for arm in result.arms}
    assert words == {"adam": "baseline", "sgd": "worse"}


def test_what_the_function_tells_stands_in_the_outcome_and_nan_is_a_divergence():
    told = {"valid_score": 0.5, "test_score": 0.25, "train_loss": 2.0, "steps": 30, "memory": 77}
    (outcome,) = CalledTrainer(lambda recipe, seed: told).train("tune", [Job("a", Recipe(), 0)])
    assert (outcome.valid_score, outcome.test_score, outcome.train_loss) == (0.5, 0.25, 2.0)
    assert (outcome.steps, outcome.evaluations, outcome.memory, outcome.diverged) == (30, 30.0, 77, False)
    assert math.isnan(outcome.train_score)
    (outcome,) = CalledTrainer(lambda recipe, seed: math.nan).train("tune", [Job("a", Recipe(), 0)])
    assert outcome.diverged


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, int])
def test_numbers_of_numpy_are_numbers(kind):
    (outcome,) = CalledTrainer(lambda recipe, seed: kind(1)).train("tune", [Job("a", Recipe(), 0)])
    assert outcome.test_score == 1.0


def fails(recipe, seed):
    raise OSError("no disk")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (fails, "your function raised OSError at .*no disk"),
        (lambda recipe, seed: "good", "returned 'good' as score; a plain number is needed"),
        (lambda recipe, seed: {"accuracy": 1.0}, "returned 'accuracy', which means nothing"),
        (lambda recipe, seed: {"valid_score": 1.0}, "no score, nor a valid_score and a test_score"),
        (lambda recipe, seed: math.inf, "infinite score"),
    ],
)
def test_what_a_function_does_wrong_is_told(function, words):
    with pytest.raises(UserError, match=words):
        list(CalledTrainer(function).train("tune", [Job("a", Recipe(), 0)]))
    with pytest.raises(UserError, match="at least one of each"):
        elsewhere("mine", train_rows=0)


def test_compare_takes_a_function(tmp_path):
    result = shoal.compare(
        shoal.elsewhere("mine"), vary="optimizer=adam,sgd", trainer=score, work=400, out=tmp_path / "out"
    )
    assert {arm.name: arm.verdict for arm in result.arms} == {"adam": "baseline", "sgd": "worse"}
    with pytest.raises(UserError, match="trainer is 3; a function of"):
        shoal.compare(shoal.elsewhere("mine"), vary="optimizer", trainer=3, work=400, out=tmp_path / "other")
