"""Two-way interactions: right numbers by hand, with the luck of tuning, and in a whole run."""

import math

import numpy as np
import pytest
from scipy import stats

from shoal.experiments import judging
from shoal.experiments.interactions import interactions

from .simulated import SimulatedTrainer, run, task
from .test_effects import AXES, WORK, plan, recorded, untuned


def test_an_interaction_is_reported_with_its_interval():
    made, source = plan(), np.random.default_rng(1)
    scores = 0.8 + 0.01 * source.normal(size=(3, 2, 20))
    assert not any(
        one.real for one in interactions(made, task(), recorded(made, scores), 0.05, untuned(made))
    )
    scores[1, 0] -= 0.1
    largest = interactions(made, task(), recorded(made, scores), 0.05, untuned(made))[0]
    by_hand = (scores[1, 0] - scores[0, 0] - scores[1, 1] + scores[0, 1]).mean()
    assert largest.difference == pytest.approx(by_hand) == largest.effect_there - largest.effect_here
    assert largest.real and largest.difference_interval[1] < 0
    assert (largest.value, largest.other_value) == ("sgd", "32")
    assert "sgd against adam is worth" in largest.words


def test_an_interaction_is_said_of_a_whole_run():
    class Interacting(SimulatedTrainer):
        def _outcome(self, job):
            one = super()._outcome(job)
            bad = job.recipe.optimizer == "sgd" and job.recipe.width == 32
            return one._replace(test_score=one.test_score - 0.1 * bad)

    result = run(Interacting(), AXES, work=WORK)
    assert result.interactions[0].real
    assert any(note.startswith("the axes interact") for note in result.notes)


def test_p_and_interval_have_the_luck_of_tuning_and_the_rounding_of_four_numbers():
    """Nothing varies but one cell, so all spread is rounding: 2 · step / √12, for a luck of ½."""
    made, scores = plan(), np.full((3, 2, 12), 0.8)
    scores[1, 0] -= 0.02
    best = {name: one._replace(seeds=1) for name, one in untuned(made).items()}
    found = interactions(made, task(), recorded(made, scores), 0.05, best)[0]
    step = judging.resolution(made, task())
    error = 2 * step / math.sqrt(12) * math.sqrt(1 / 12 + 0.5)
    assert step > 0
    assert found.p_corrected == pytest.approx(2 * max(2 * stats.t.sf(0.02 / error, 11), 2.0**-11), rel=1e-6)
    half = stats.t.ppf(1 - 0.05 / 4, 11) * error
    assert found.difference_interval == pytest.approx((-0.02 - half, -0.02 + half), abs=1e-9)
