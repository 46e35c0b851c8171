"""Learning curves: at equal distances of a member's own steps, whoever else trains."""

import math
from dataclasses import replace

import pytest

from population.members import begin, company, go_on, table
from shoal.population.batches import total_steps
from shoal.population.curves import Point, stops
from shoal.population.evaluate import losses_and_scores
from shoal.population.recipe import Job, Recipe

RECIPE = Recipe(width=8, batch_size=16, epochs=10, optimizer="momentum", schedule="cosine")
JOB = Job("subject", RECIPE, 3, points=5)


def curve(outcome) -> list[Point]:
    return [Point(*point) for point in outcome.details["curve"]]


def same(one: list[Point], other: list[Point]) -> None:
    assert [point._replace(seconds=0) for point in one] == [
        pytest.approx(point._replace(seconds=0), rel=1e-8) for point in other
    ]


def test_points_are_at_equal_distances_and_the_end_is_one():
    assert stops(4, 40) == (10, 20, 30, 40)
    assert stops(3, 10) == (3, 7, 10)
    assert stops(5, 2) == (1, 2) and stops(2, 1) == (1,)
    assert stops(0, 40) == ()


def test_every_point_is_what_the_member_scores_then():
    task = table()
    (outcome,) = begin(task, [JOB]).run()
    training = begin(task, [JOB._replace(points=0)])
    for point in curve(outcome)[:-1]:  # at the last step a member leaves
        go_on(training, point.step - int(training.stack.step[0]))
        loss, score = (
            float(one[0]) for one in losses_and_scores(task, training.data, training.stack, "valid")
        )
        assert (point.loss, point.score) == (pytest.approx(loss, rel=1e-10), score)
    assert curve(outcome)[-1][:3] == (outcome.steps, outcome.valid_loss, outcome.valid_score)
    assert [point.step for point in curve(outcome)] == [*stops(5, total_steps(RECIPE, task.train_rows))]


def test_costs_rise_and_end_where_the_outcome_is():
    (outcome,) = begin(table(), [JOB]).run()
    points = curve(outcome)
    assert [point.evaluations for point in points] == [float(point.step) for point in points]
    assert 0 < points[0].seconds < points[1].seconds < points[-1].seconds == outcome.seconds


def test_a_curve_alone_is_that_in_company():
    task = table()
    (alone,) = begin(task, [JOB]).run()
    others = [one._replace(points=number % 3) for number, one in enumerate(company(JOB, epochs=7))]
    jobs = [JOB if one.name == JOB.name else one for one in others]
    together = {one.name: one for one in begin(task, jobs).run()}
    same(curve(together["subject"]), curve(alone))
    assert {len(one.details.get("curve", ())) for one in together.values()} == {0, 1, 2, 5}


def test_a_member_that_is_stopped_has_a_last_point():
    stopping = replace(RECIPE, controller="early_stopping", epochs=200, hyper={"momentum.lr": 0.3})
    (outcome,) = begin(table(), [Job("one", stopping, 3, points=50)]).run()
    points = curve(outcome)
    assert points[-1].step == outcome.steps < total_steps(stopping, 51)
    assert min(point.loss for point in points) >= outcome.valid_loss, "the best weights were kept"


@pytest.mark.parametrize("company_too", [False, True])
def test_a_diverged_member_has_the_points_before_it_broke(company_too):
    growing = replace(RECIPE, optimizer="sgd", epochs=400, hyper={"sgd.lr": 1.5, "l2.coefficient": 2.0})
    wild = Job("wild", replace(growing, schedule="constant"), 3, points=400)
    calm = Job("calm", replace(RECIPE, epochs=9), 4, points=7)
    outcomes = {one.name: one for one in begin(table(classes=None), [wild, *[calm] * company_too]).run()}
    points = curve(outcomes["wild"])
    assert outcomes["wild"].diverged
    assert [point.step for point in points] == [
        step for step in stops(400, 1600) if step < outcomes["wild"].steps
    ]
    assert points and not math.isnan(points[0].loss)
