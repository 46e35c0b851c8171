"""Evaluation: every arm at its tuned point, full schedule, fresh seeds, in blocks of seeds.

After each block the verdicts are looked at (see ``sequential``): arms that are decided are trained no
further, and the evaluation ends early when all are.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shoal.experiments import conditions, effects, sequential, sizing
from shoal.experiments.arms import Arm
from shoal.experiments.plan import Plan
from shoal.experiments.sequential import Block
from shoal.experiments.sizing import Size
from shoal.experiments.training import Training, evaluation_name
from shoal.experiments.trials import Best
from shoal.population.recipe import Job, Outcome
from shoal.statistics.power import seeds_to_reach
from shoal.tasks.task import Task

POINTS = 10
"""Points of every judged network's learning curve."""
_SHARES = (0.3, 0.5)
"""Share of what seems to fit that the first block takes, and a later one: whole pairs come in early, should
the pace fall, and what a block leaves the next ones take, knowing the pace better."""
_FIRST_AT_MOST = 0.7
"""The first block holds seeds enough for a first verdict, unless that is more than this share of what fits,
and at most twice as many: the sooner an arm is decided the more is left for the others."""
_GAIN = 0.05
"""Blocks that add less than this share of the seeds are not worth their start."""


def evaluate(
    plan: Plan,
    task: Task,
    training: Training,
    size: Size,
    best: Mapping[str, Best],
    tuned: bool,
    others: conditions.Points,
) -> None:
    """Train blocks until all is decided, the work is done or the time is used.

    What is not ``tuned`` cannot be judged, so nothing of it is decided early. After the first block the other
    conditions have their turn, whose points are added to ``others``.
    """
    number = 0
    while True:
        training.looks, arms_left = {}, [arm.name for arm in plan.arms]
        if tuned:
            training.looks, arms_left = _look(plan, task, training, best)
        block = training.decided(f"block-{number}", partial(_next, plan, training, size, arms_left))
        if not block["count"]:
            return
        first = sum(earlier["count"] for earlier in _planned(training)[:number])
        arms = [arm for arm in plan.arms if arm.name in block["arms"]]
        seeds = plan.evaluation_seeds(first + block["count"])[first:]
        jobs = [job_of(arm, size, best[arm.name], seed) for seed in seeds for arm in arms]
        training.train(f"evaluate-{number}", jobs, training.clock.deadline)
        if number == 0 and tuned:
            conditions.train(plan, training, size, others)
        number += 1


def _look(
    plan: Plan, task: Task, training: Training, best: Mapping[str, Best]
) -> tuple[Mapping[str, sequential.Look], list[str]]:
    """What the looks so far say of the arms, and the arms that more seeds are trained for: of crossed axes
    all until every effect is decided, then like others those that are undecided."""
    seen = (plan, task, blocks(plan, training), recorded(plan, training))
    found = sequential.looks(*seen, over=False, best=best)
    if plan.crossed and effects.undecided(plan, effects.looks(*seen, over=False, best=best)):
        return found, [arm.name for arm in plan.arms]
    return found, sequential.undecided(plan, found)


def job_of(arm: Arm, size: Size, best: Best, seed: int) -> Job:
    """The evaluation of an arm at its best point with one seed."""
    return Job(evaluation_name(arm.name, seed), arm.at(best.point, size.epochs), seed, POINTS)


def recorded(plan: Plan, training: Training) -> dict[str, dict[int, Outcome]]:
    """All evaluation outcomes by arm and seed."""
    found: dict[str, dict[int, Outcome]] = {arm.name: {} for arm in plan.arms}
    for name, outcome in training.outcomes("evaluate").items():
        arm, seed = name.removeprefix("evaluate/").rsplit("/", 1)
        found[arm][int(seed)] = outcome
    return found


def blocks(plan: Plan, training: Training) -> list[Block]:
    """The blocks so far, with the seeds that all their arms finished.

    The clock may end the last one: an arm that then has finished less than half of it, because its steps are
    slow, leaves it, so that the others can be judged. That depends on no score.
    """
    done, found, first = training.outcomes("evaluate"), [], 0
    for planned in _planned(training):
        seeds = plan.evaluation_seeds(first + planned["count"])[first:]
        finished = {
            arm: {seed for seed in seeds if evaluation_name(arm, seed) in done} for arm in planned["arms"]
        }
        arms = tuple(arm for arm, own in finished.items() if 2 * len(own) >= len(seeds))
        if plan.baseline not in arms or len(arms) < 2:
            arms = tuple(finished)  # nothing to compare: only seeds that all have count
        whole = [seed for seed in seeds if all(seed in finished[arm] for arm in arms)]
        found.append(Block(arms, tuple(whole)))
        first += planned["count"]
    return found


def _planned(training: Training) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while (block := training.journal.choice(f"block-{len(found)}")) is not None and block["count"]:
        found.append(block)
    return found


def _next(plan: Plan, training: Training, size: Size, arms: Sequence[str]) -> dict[str, Any]:
    """The next block: its arms and how many seeds; count 0 ends the evaluation."""
    done = sum(earlier["count"] for earlier in _planned(training))
    count = _count(plan, training, size, arms, done) if arms else 0
    return {"arms": arms, "count": count}


def _count(plan: Plan, training: Training, size: Size, arms: Sequence[str], done: int) -> int:
    most = (sizing.MOST if plan.seeds is None else plan.seeds) - done
    fit = _fit(plan, training, size, arms)
    if plan.work is not None and plan.seeds is not None:
        return max(0, min(fit, most)) if done == 0 else 0
    count = fit if fit <= 3 else math.ceil(_SHARES[done > 0] * fit)
    if not done and fit > 3:
        level = sequential.levels(plan.alpha, 1, over=False)[0]
        hypotheses = effects.count(plan) or len(arms) - 1
        enough = max(sizing.ENOUGH, seeds_to_reach(max(1, hypotheses), level))
        count = min(max(count, enough), 2 * enough) if enough <= _FIRST_AT_MOST * fit else count
    count = max(0, min(count, most))
    if done >= sizing.ENOUGH and plan.seeds is None and count < _GAIN * done:
        return 0
    return 1 if done == count == 0 and plan.work is None and training.clock.left > 0 else count


def _fit(plan: Plan, training: Training, size: Size, arms: Sequence[str]) -> int:
    """Seeds of these arms that the time, or the work, pays."""
    if plan.work is None:
        return math.floor(training.clock.left / (training.pace * len(arms)))
    each = sum(training.trainer.steps(arm.at({}, size.epochs)) for arm in plan.arms if arm.name in arms)
    return max(0, (plan.work - training.planned_steps) // each)
