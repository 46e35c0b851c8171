"""A table of recorded runs in the trainer's place."""

import math

import numpy as np
import pytest

from experiments.simulated import run
from shoal.errors import UserError
from shoal.population.recipe import Job, Recipe
from shoal.population.recorded import RecordedTrainer
from shoal.tasks.elsewhere import elsewhere

NAMES = ("width", "adam.lr", "batch_size")
VALUES = ((16, 64), (1e-4, 1e-3, 1e-2), (32, 64))
RNG = np.random.default_rng(0)
BEST = np.array([[0.70, 0.90, 0.60], [0.60, 0.80, 0.85]])
"""By width and lr; the untuned middle says 16, tuned 16 by less."""
SCORES = BEST[:, :, None, None] + 0.02 * RNG.normal(size=(2, 3, 2, 50))


def trainer(**changes) -> RecordedTrainer:
    given = {"compared": ("width",), "tuned": ("adam.lr",), **changes}
    return RecordedTrainer(NAMES, VALUES, SCORES, **given)


def test_a_look_up_is_the_nearest_tuned_number_under_the_seeds_circumstances():
    seen = set()
    for seed in range(200):
        found = trainer().look_up(Recipe(width=64, hyper={"adam.lr": 2e-3}), seed)
        place = np.argwhere(np.equal(SCORES, found))
        assert len(place) == 1
        width, lr, batch, repeat = map(int, place[0])
        assert (width, lr) == (1, 1)
        seen.add((batch, repeat))
        other = trainer().look_up(Recipe(width=16, batch_size=999, hyper={"adam.lr": 4e-3}), seed)
        assert other == SCORES[0, 2, batch, repeat]  # nearest in ratio, same circumstances
    assert len(seen) > 60


def test_a_failed_run_diverged_and_work_counts_look_ups():
    scores = SCORES.copy()
    scores[1] = np.nan
    table = RecordedTrainer(NAMES, VALUES, scores, compared=("width",), tuned=("adam.lr",))
    (outcome,) = table.train("tune", [Job("a", Recipe(width=64, hyper={"adam.lr": 1e-3}), 3)])
    assert outcome.diverged and math.isnan(outcome.test_score) and outcome.steps == 1
    assert list(table.train("tune", [Job("a", Recipe(), 3)], done={"a"})) == []


def test_a_comparison_over_a_table_finds_what_tuning_shows():
    table = RecordedTrainer(
        (*NAMES, "l2.coefficient"), (*VALUES, (1e-5, 1e-2)), np.stack([SCORES] * 2, 3),
        compared=("width",), tuned=("adam.lr", "l2.coefficient"),
    )  # fmt: skip
    result = run(table, "width=16,64", of=elsewhere("table"), work=600)
    assert result.networks_trained <= 600
    (narrow,) = [arm for arm in result.arms if arm.name == "16"]
    assert narrow.verdict == "better"
    assert narrow.difference == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: trainer(compared=("depth",)),
            "depth is no axis of the table; it has: width, adam.lr, batch_size",
        ),
        (lambda: RecordedTrainer(NAMES[:2], VALUES[:2], SCORES, compared=()), "no grid of 2 axes"),
        (
            lambda: trainer().look_up(Recipe(width=32, hyper={"adam.lr": 1.0}), 0),
            "no run is recorded with width 32; there are runs with 16, 64",
        ),
        (
            lambda: trainer().look_up(Recipe(width=16, hyper={"l2.coefficient": 1e-3}), 0),
            "knows nothing of l2.coefficient, which is 0.001; set l2.coefficient=0",
        ),
    ],
)
def test_what_a_table_does_not_have_is_told(make, words):
    with pytest.raises(UserError, match=words):
        make()
