"""What is recorded of a member at its end."""

import math
from dataclasses import replace

import pytest

from population.members import begin, table
from shoal.population.recipe import Job, Recipe

RECIPE = Recipe(width=8, batch_size=16, epochs=2)


def test_where_hyperparameters_are_chosen_test_rows_are_not_looked_at():
    (plain,) = begin(table(), [Job("a", RECIPE, 3)]).run()
    (chosen,) = begin(table(), [Job("a", RECIPE, 3, judged=False)]).run()
    beside = {
        one.name: one
        for one in begin(table(), [Job("a", RECIPE, 3, judged=False), Job("b", RECIPE, 3)]).run()
    }
    assert math.isfinite(plain.test_score) and not plain.diverged
    assert math.isnan(chosen.test_score) and math.isnan(beside["a"].test_score) and not chosen.diverged
    assert beside["b"].test_score == pytest.approx(plain.test_score)
    assert chosen.valid_score == plain.valid_score and chosen.train_loss == plain.train_loss


def test_a_member_that_diverged_has_no_scores():
    wild = replace(RECIPE, optimizer="sgd", hyper={"sgd.lr": 1e30})
    (outcome,) = begin(table(), [Job("a", wild, 3)]).run()
    assert outcome.diverged and math.isnan(outcome.valid_score) and math.isnan(outcome.test_score)
