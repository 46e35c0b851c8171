"""Evaluation: every arm at its tuned point, full schedule, fresh seeds, in blocks of seeds with all arms."""

import math
from collections.abc import Mapping

from shoal.experiments import sizing
from shoal.experiments.arms import Arm
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size
from shoal.experiments.training import Training, evaluation_name
from shoal.experiments.trials import Best
from shoal.population.recipe import Job, Outcome

_SHARES = (0.3, 0.5)
"""Share of what seems to fit that the first block takes, and a later one: whole pairs come in early, should
the pace fall, and what a block leaves the next ones take, knowing the pace better."""
_GAIN = 0.05
"""Blocks that add less than this share of the seeds are not worth their start."""


def evaluate(plan: Plan, training: Training, size: Size, best: Mapping[str, Best]) -> None:
    """Train blocks until the work is done or the time is used; how many seeds depends on no score."""
    done, block = 0, 0
    while True:
        count = training.decided(f"block-{block}", lambda: _next_block(plan, training, size, done))  # noqa: B023
        if count == 0:
            return
        jobs = [
            job_of(arm, size, best[arm.name], seed)
            for seed in plan.evaluation_seeds(done + count)[done:]
            for arm in plan.arms
        ]
        training.train(f"evaluate-{block}", jobs, training.clock.deadline)
        done, block = done + count, block + 1


def job_of(arm: Arm, size: Size, best: Best, seed: int) -> Job:
    """The evaluation of an arm at its best point with one seed."""
    return Job(evaluation_name(arm.name, seed), arm.at(best.point, size.epochs), seed)


def paired(plan: Plan, training: Training) -> dict[str, dict[int, Outcome]]:
    """Evaluation outcomes by arm and seed, of the seeds that every arm finished."""
    recorded = training.outcomes("evaluate")
    arms = [arm.name for arm in plan.arms]
    seeds = sorted({int(name.rpartition("/")[2]) for name in recorded})
    whole = [seed for seed in seeds if all(evaluation_name(arm, seed) in recorded for arm in arms)]
    return {arm: {seed: recorded[evaluation_name(arm, seed)] for seed in whole} for arm in arms}


def _next_block(plan: Plan, training: Training, size: Size, done: int) -> int:
    """Seeds of the next block; 0 ends the evaluation. With ``work`` one block holds all that is left."""
    most = sizing.MOST if plan.seeds is None else plan.seeds
    if plan.work is not None:
        each = sum(training.trainer.steps(arm.at({}, size.epochs)) for arm in plan.arms)
        return max(0, min((plan.work - training.planned_steps) // each, most)) if done == 0 else 0
    fit = math.floor(training.clock.left / (training.pace * len(plan.arms)))
    count = min(fit if fit <= 3 else math.ceil(_SHARES[done > 0] * fit), most - done)
    if done >= sizing.ENOUGH and plan.seeds is None and count < _GAIN * done:
        return 0
    return 1 if done == count == 0 and training.clock.left > 0 else count
