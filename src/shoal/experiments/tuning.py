"""Tuning: the same trials for every arm on tuning seeds and validation rows; past the edge if need be."""

from collections.abc import Mapping

from shoal.experiments import sizing, trials
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size
from shoal.experiments.training import Training, trial_name
from shoal.experiments.trials import Best, Point
from shoal.population.recipe import Job, Outcome

Tried = Mapping[str, Mapping[int, Point]]
"""By arm: the points tried, by trial number."""


def first_points(plan: Plan, size: Size) -> Tried:
    """The trials every arm gets, before any range is extended."""
    return {arm.name: dict(enumerate(trials.points(arm, size.trials))) for arm in plan.arms}


def tune(plan: Plan, training: Training, size: Size) -> tuple[dict[str, Best], Tried]:
    """The best point of each arm, and what was tried.

    There is one phase a tuning seed, all arms in each. With a budget, a later seed or an extension is left
    out, and that is recorded, when it would leave too little time to judge on enough evaluation seeds.
    Without a best point for every arm (the deadline left fewer than ``FEWEST`` trials) the dict is empty.
    """
    tried = first_points(plan, size)
    seeds = plan.tuning_seeds(size.tuning_seeds)
    for number, seed in enumerate(seeds):
        jobs = _jobs(plan, size, tried, range(seed, seed + 1))
        if number and not _time_for(plan, training, f"tune-{number}", len(jobs)):
            seeds = seeds[:number]
            break
        training.train(f"tune-{number}", jobs, _deadline(plan, training, len(jobs)))
    best = _chosen(plan, training, size, tried, seeds)
    for number in range(1, trials.ROUNDS + 1):
        new = _beyond(plan, size, tried, best)
        jobs = _jobs(plan, size, new, seeds)
        if not jobs or not _time_for(plan, training, f"extend-{number}", len(jobs)):
            break
        training.train(f"extend-{number}", jobs, _deadline(plan, training, len(jobs)))
        tried = {name: {**tried[name], **new[name]} for name in tried}
        best = _chosen(plan, training, size, tried, seeds)
    return best, tried


def _jobs(plan: Plan, size: Size, points: Tried, seeds: range) -> list[Job]:
    """Trial by trial, so that what is cut off at a deadline is the last trials of every arm."""
    return [
        Job(trial_name(arm.name, trial, seed), arm.at(points[arm.name][trial], size.epochs), seed)
        for trial in sorted({trial for tried in points.values() for trial in tried})
        for arm in plan.arms
        if trial in points[arm.name]
        for seed in seeds
    ]


def _networks_to_judge(plan: Plan) -> int:
    return len(plan.arms) * (sizing.ENOUGH if plan.seeds is None else plan.seeds)


def _time_for(plan: Plan, training: Training, phase: str, networks: int) -> bool:
    """Whether ``networks`` more leave time to judge; always, where no clock decides."""
    if plan.work is not None:
        return True
    needed = (networks + _networks_to_judge(plan)) * training.pace
    return bool(training.decided(f"go/{phase}", lambda: needed <= training.clock.left))


def _deadline(plan: Plan, training: Training, networks: int) -> float | None:
    """When tuning with ``networks`` must give way to judging."""
    return training.clock.after(networks / (networks + _networks_to_judge(plan)))


def _chosen(plan: Plan, training: Training, size: Size, tried: Tried, seeds: range) -> dict[str, Best]:
    """Choices among finished trials; of the trials all arms get, only those that every arm finished."""
    recorded = training.outcomes("tune")
    finished: dict[str, dict[int, tuple[Point, list[Outcome]]]] = {arm.name: {} for arm in plan.arms}
    for name, points in tried.items():
        for trial, point in points.items():
            jobs = [trial_name(name, trial, seed) for seed in seeds]
            if all(job in recorded for job in jobs):
                finished[name][trial] = (point, [recorded[job] for job in jobs])
    common = set(range(size.trials)).intersection(*finished.values())
    if len(common) < trials.FEWEST:
        return {}
    best = {}
    for arm in plan.arms:
        fair = {
            trial: one for trial, one in finished[arm.name].items() if trial in common or trial >= size.trials
        }
        best[arm.name] = trials.choose(arm, fair, plan.higher_is_better)
    return best


def _beyond(plan: Plan, size: Size, tried: Tried, best: Mapping[str, Best]) -> dict[str, dict[int, Point]]:
    """New points, numbered on from those tried, for every arm whose best lr lies at its edge."""
    new: dict[str, dict[int, Point]] = {}
    for arm in plan.arms:
        found = trials.beyond(arm, best[arm.name], trials.extension(size.trials)) if best else []
        new[arm.name] = dict(enumerate(found, start=len(tried[arm.name])))
    return new
