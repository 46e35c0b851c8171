"""Which arm and seed are taken home: by the judged difference, then by validation rows, not by test rows."""

import math
from types import SimpleNamespace

import pytest

from cli.results import arm
from population.members import table
from shoal.experiments.planning import make_plan
from shoal.experiments.trials import Best
from shoal.experiments.winner import choose
from shoal.population.recipe import Outcome


def outcome(valid, test=0.5, *, loss=0.5, diverged=False):
    """One network's outcome."""
    score = math.nan if diverged else test
    return Outcome("", valid, score, 0.9, 0.1, loss, diverged, 100, 100.0, 0.1, 1000, {})


def finished(**arms):
    """How a run ended, by arm its outcomes of seeds 0, 1, ..."""
    return SimpleNamespace(
        size=SimpleNamespace(epochs=7.0),
        best={name: Best(3, {f"{name}.lr": 0.02}, {}) for name in arms},
        outcomes={name: dict(enumerate(found)) for name, found in arms.items()},
    )


def plan(judge="score"):
    return make_plan(table(), "optimizer=adam,sgd", work=1000, judge=judge)


def test_the_arm_has_the_best_difference_and_its_tuned_recipe():
    ended = finished(adam=[outcome(0.8)], sgd=[outcome(0.7), outcome(0.9)])
    arms = (arm("adam", mean=0.99), arm("sgd", difference=0.02, mean=0.9, verdict="better"))
    winner = choose(plan(), ended, arms)
    assert (winner.arm, winner.seed) == ("sgd", 1)
    assert winner.recipe.optimizer == "sgd" and winner.recipe.hyper["sgd.lr"] == 0.02
    assert winner.recipe.epochs == 7.0
    assert winner.why == "sgd, better than the baseline adam"


@pytest.mark.parametrize(
    ("verdict", "difference", "chosen", "words"),
    [
        ("undecided", 0.001, "sgd", "undecided whether it is better than the baseline adam"),
        ("same", 0.001, "sgd", "the same as the baseline adam within the margin"),
        ("worse", -0.001, "adam", "no other arm surpassed"),
        ("undecided", 0.0, "adam", "no other arm surpassed"),
        ("same", 2e-17, "adam", "no other arm surpassed"),
    ],
)
def test_it_is_said_what_the_winner_is(verdict, difference, chosen, words):
    ended = finished(adam=[outcome(0.8)], sgd=[outcome(0.7)])
    winner = choose(plan(), ended, (arm("sgd", difference=difference, verdict=verdict), arm("adam")))
    assert winner.arm == chosen and words in winner.why


def test_less_is_better_for_every_judge_but_the_score():
    ended = finished(adam=[outcome(0.8)], sgd=[outcome(0.7)])
    arms = (arm("adam"), arm("sgd", difference=-3.0, verdict="better"))
    assert choose(plan("time"), ended, arms).arm == "sgd"
    assert choose(plan("score"), ended, arms).arm == "adam"


def test_the_seed_is_the_best_on_validation_rows_whatever_the_test_rows_say():
    found = [outcome(0.7, 0.99), outcome(0.8, 0.1), outcome(0.8, 0.5, loss=0.4), outcome(0.9, diverged=True)]
    winner = choose(plan(), finished(adam=found, sgd=[]), (arm("adam"), arm("sgd", difference=math.nan)))
    assert winner.seed == 2


def test_without_validation_rows_the_seed_is_the_first():
    found = [outcome(math.nan, 0.1, diverged=True), outcome(math.nan, 0.1), outcome(math.nan, 0.9)]
    assert choose(plan(), finished(adam=found, sgd=[]), (arm("adam"),)).seed == 1


def test_there_is_no_winner_where_nothing_is_whole():
    ended = finished(adam=[outcome(0.8, diverged=True)], sgd=[])
    assert choose(plan(), ended, (arm("adam"), arm("sgd", difference=math.nan))) is None
