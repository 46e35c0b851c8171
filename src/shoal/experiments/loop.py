"""What the same networks would take in a plain PyTorch loop, timed on three of them."""

import math

from shoal.experiments.evaluation import job_of
from shoal.experiments.plan import Plan
from shoal.experiments.run import Finished
from shoal.experiments.training import Training
from shoal.population import plain_loop
from shoal.tasks.task import Task

_ALLOWED = 1.5
_START = 1.0
"""Seconds that torch's first optimizer (it imports a compiler) and the warm-up take, beside those timed."""


def seconds(plan: Plan, task: Task, training: Training, finished: Finished) -> float:
    """Seconds for all networks of the run: their number times the mean of three, of the first, the middle and
    the last arm. NaN where the budget left no time to measure, or nothing was trained."""
    spare = training.clock.spare - _START
    if not finished.networks or spare < 0.3:
        return math.nan
    places = sorted({0, len(plan.arms) // 2, len(plan.arms) - 1})
    arms = [plan.arms[place] for place in (places * 3)[:3]]
    jobs = [job_of(arm, finished.size, finished.best[arm.name], number) for number, arm in enumerate(arms)]
    timed = plain_loop.seconds(task, jobs, min(_ALLOWED, spare))
    return finished.networks * sum(timed) / len(timed)
