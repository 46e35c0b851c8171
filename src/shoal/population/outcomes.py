"""What became of the members of a stack that have ended: scores, costs and what is recorded beside them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shoal import catalogue, composition
from shoal.population import links
from shoal.population.batches import Data
from shoal.population.curves import Curve, evaluations
from shoal.population.evaluate import all_metrics, dead_units, losses_and_scores
from shoal.population.recipe import Job, Outcome
from shoal.population.stack import Stack
from shoal.population.template import template
from shoal.tasks.task import Task

PARTS = ("train", "valid", "test")


class End(NamedTuple):
    """steps: that a member took. diverged: whether its loss was not finite at the last of them."""

    steps: int
    diverged: bool


def outcomes(
    task: Task,
    data: Data,
    stack: Stack,
    ends: Mapping[str, End],
    seconds: Mapping[str, float],
    curves: Mapping[str, Curve],
) -> Iterator[Outcome]:
    """The outcomes of all members of ``stack``, which holds the weights that count. By job name: ``ends``,
    ``seconds``, and the ``curves`` of those that have one."""
    seen = PARTS if any(job.judged for job in stack.jobs) else PARTS[:2]
    parts = {part: losses_and_scores(task, data, stack, part) for part in seen}
    dead = dead_units(stack, data)
    measured = _all_metrics(task, data, stack)
    for row, job in enumerate(stack.jobs):
        details: dict[str, Any] = {"dead_units": dead[row]}
        if job.points:
            details["metrics"] = measured[job.name]
            details["curve"] = [list(point) for point in curves[job.name]]
        losses = {part: float(both[0][row]) for part, both in parts.items()}
        diverged = ends[job.name].diverged or not math.isfinite(losses["train"])
        scores = {part: math.nan if diverged else float(both[1][row]) for part, both in parts.items()}
        yield Outcome(
            name=job.name,
            valid_score=scores["valid"],
            test_score=scores["test"] if job.judged else math.nan,
            train_score=scores["train"],
            train_loss=losses["train"],
            valid_loss=losses["valid"],
            diverged=diverged,
            steps=ends[job.name].steps,
            evaluations=evaluations(task, job.recipe, ends[job.name].steps),
            seconds=seconds[job.name],
            memory=_memory(task, job, stack),
            details=details,
        )


def _all_metrics(task: Task, data: Data, stack: Stack) -> dict[str, dict[str, float]]:
    """Name → every metric of the test rows, of those that are evaluated at points: it takes milliseconds."""
    rows = [row for row, job in enumerate(stack.jobs) if job.points]
    if not rows:
        return {}
    chosen = stack.select(rows)
    found = all_metrics(task, data, chosen, "test")
    return {job.name: values for job, values in zip(chosen.jobs, found, strict=True)}


def _memory(task: Task, job: Job, stack: Stack) -> int:
    """Bytes of a member's parameters, optimizer state (of the largest of its rules), averages and buffers."""
    made = template(task, job.recipe)
    state = max(composition.state(stage.rule) for stage in composition.stages(job.recipe.optimizer))
    buffers = sum(value.numel() * value.element_size() for value in made.buffers.values())
    averages = sum(catalogue.find("regularizer", name).CARD.state for name in links.names(job.recipe))
    numbers = made.parameters * (1 + state) * stack.flat.element_size()
    return numbers + buffers + averages * (made.parameters * stack.flat.element_size() + buffers)
