"""Learning curves: validation loss and score at equal distances of a member's own steps."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

from shoal import composition
from shoal.composition import spans
from shoal.population.batches import Data, training_steps
from shoal.population.evaluate import losses_and_scores
from shoal.population.recipe import Recipe
from shoal.population.stack import Stack
from shoal.tasks.task import Task


class Point(NamedTuple):
    """What a member was after ``step`` steps: loss and score on (some of) its validation rows, of the
    weights as they were then (a controller may keep earlier ones). evaluations: of the gradient; seconds:
    of its training, without the time that looking took."""

    step: int
    loss: float
    score: float
    evaluations: float
    seconds: float


Curve = list[Point]

VALID_ROWS = 1024
"""Validation rows that a point is of, where there are more: evenly spaced ones, the same at every point."""


@functools.cache
def stops(points: int, total: int) -> tuple[int, ...]:
    """The steps, rising, at which one of ``points`` points is due, the last step among them."""
    return tuple(sorted({max(1, round(total * number / points)) for number in range(1, points + 1)}))


def points(
    task: Task, data: Data, stack: Stack, seconds: Mapping[str, float], curves: Mapping[str, Curve]
) -> None:
    """Adds every member's point to its curve."""
    losses, scores = losses_and_scores(task, data, stack, "valid", VALID_ROWS)
    for row, (job, step) in enumerate(zip(stack.jobs, stack.step.tolist(), strict=True)):
        spent = evaluations(task, job.recipe, step)
        made = Point(step, float(losses[row]), float(scores[row]), spent, seconds[job.name])
        curves[job.name].append(made)


def evaluations(task: Task, recipe: Recipe, steps: int) -> float:
    """Gradient evaluations of a member's first ``steps`` steps, by the rules that made them."""
    return sum(
        max(0, min(steps, span.end) - span.first) * composition.evaluations(span.rule)
        for span in spans(recipe.optimizer, training_steps(task, recipe))
    )
