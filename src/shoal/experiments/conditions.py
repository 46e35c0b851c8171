"""The same arms judged under other conditions: untuned, and at other lengths of training.

"untuned" is every arm at its default hyperparameters, at full length. A length, a share of the full one, is
tuned for itself with as many trials. Both are judged on the first evaluation seeds by one test, whose error
rate is their own, after the first block of the evaluation, which they must not keep from its verdicts.
"""

import math
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from shoal.experiments import judging, sequential, sizing, trials
from shoal.experiments.imitation import imitates
from shoal.experiments.plan import Plan
from shoal.experiments.sequential import Block
from shoal.experiments.sizing import Size
from shoal.experiments.training import Training, condition_name
from shoal.experiments.trials import Best
from shoal.experiments.tuning import tune
from shoal.population.recipe import Job, Outcome
from shoal.statistics.power import seeds_to_reach
from shoal.tasks.task import Task

UNTUNED = "untuned"
MODEST, _OF_THE_REST = 0.15, 0.5
"""Share of the whole budget, and of what is left of it, that the untuned column may take if nobody asks."""
_FIRST_ATTEMPT = 10
"""Tuning attempts of lengths are numbered from here on: they have seeds of their own."""


class Condition(NamedTuple):
    """share: of the full length of training."""

    name: str
    tuned: bool
    share: float


@dataclass(frozen=True)
class ArmUnderCondition:
    """An arm under a condition; the fields are those of ``ArmResult``, seeds how many there were."""

    name: str
    hyper: Mapping[str, float]
    seeds: int
    mean: float
    difference: float
    difference_interval: tuple[float, float]
    p_corrected: float
    diverged: int
    verdict: str


@dataclass(frozen=True)
class ConditionResult:
    """name: "untuned" or a share of the full length, "1/4". p is corrected over the condition's arms."""

    name: str
    epochs: float
    tuned: bool
    arms: tuple[ArmUnderCondition, ...]


Points = MutableMapping[str, Mapping[str, Best]]
"""By condition and arm the point that is judged."""


def conditions(plan: Plan) -> list[Condition]:
    """What a plan judges beside tuned arms at full length; untuned only if something is tuned."""
    found = [Condition(_spoken(share), True, share) for share in plan.lengths]
    default = plan.defaults is None and not plan.screens
    if (plan.defaults or default) and any(arm.space for arm in plan.arms):
        found.insert(0, Condition(UNTUNED, False, 1.0))
    return found


def train(plan: Plan, training: Training, size: Size, points: Points) -> None:
    """Tune, where a condition is tuned, and train what the budget pays; its ``points`` are added."""
    for number, condition in enumerate(conditions(plan)):
        pays = partial(_fits, plan, training, size, condition)
        if not training.decided(f"condition/{condition.name}", pays):
            continue
        short = _at_length(plan, condition.share)
        at = size._replace(epochs=size.epochs * condition.share)
        training.pace *= condition.share
        found = {arm.name: Best(0, trials.points(arm, 1)[0], {}) for arm in plan.arms}
        if condition.tuned:
            tuned = tune(short, training, at, _FIRST_ATTEMPT + number)
            found = {**found, **tuned.best} if tuned is not None and tuned.best else {}
        if found:
            points[condition.name] = found
            name = partial(condition_name, condition.name)
            jobs = [
                Job(name(arm.name, seed), arm.at(found[arm.name].point, at.epochs), seed)
                for seed in plan.evaluation_seeds(_seeds(plan))
                for arm in short.arms
            ]
            training.train(f"evaluate-{condition.name}", jobs, training.clock.deadline)
        training.pace /= condition.share


def judge(
    plan: Plan, task: Task, outcomes: Mapping[str, Outcome], size: Size, points: Points
) -> tuple[ConditionResult, ...]:
    """Every condition's verdicts. outcomes: by job name, of all phases."""
    found = []
    for condition in conditions(plan):
        if condition.name in points:
            arms = _judged(plan, task, outcomes, condition, points[condition.name])
            found.append(
                ConditionResult(condition.name, size.epochs * condition.share, condition.tuned, arms)
            )
    return tuple(found)


def _judged(
    plan: Plan, task: Task, outcomes: Mapping[str, Outcome], condition: Condition, points: Mapping[str, Best]
) -> tuple[ArmUnderCondition, ...]:
    own = {
        arm.name: {
            seed: outcomes[name]
            for seed in plan.evaluation_seeds(_seeds(plan))
            if (name := condition_name(condition.name, arm.name, seed)) in outcomes
        }
        for arm in plan.arms
    }
    seeds = [seed for seed in own[plan.baseline] if all(seed in found for found in own.values())]
    whole = {arm: {seed: found[seed] for seed in seeds} for arm, found in own.items()}
    once = replace(plan, seeds=_seeds(plan))
    looks = sequential.looks(once, task, [Block(tuple(whole), tuple(seeds))], whole, over=True, best=points)
    numbers = judging.counted(whole, plan, task)
    base = next(arm.recipe for arm in plan.arms if arm.name == plan.baseline)
    rows = []
    for arm in plan.arms:
        look, word = looks.get(arm.name), "baseline"
        if arm.name != plan.baseline:
            word = "undecided" if look is None else str(look.word)
        if word == "worse" and condition.tuned and plan.judge == "score" and imitates(arm.recipe, base):
            word = "under-tuned"
        one = None if look is None else look.comparison
        nothing = (0.0, 0.0) if word == "baseline" else (-math.inf, math.inf)
        rows.append(
            ArmUnderCondition(
                name=arm.name,
                hyper={**arm.recipe.hyper, **points[arm.name].point},
                seeds=len(seeds),
                mean=judging.middle(numbers[arm.name]) if seeds else math.nan,
                difference=one.difference if one else 0.0 if word == "baseline" and seeds else math.nan,
                difference_interval=(float(one.interval.low), float(one.interval.high)) if one else nothing,
                p_corrected=look.p if look else math.nan,
                diverged=sum(each.diverged for each in whole[arm.name].values()),
                verdict=word,
            )
        )
    return tuple(rows)


def _seeds(plan: Plan) -> int:
    enough = max(sizing.ENOUGH, seeds_to_reach(max(1, len(plan.arms) - 1), plan.alpha))
    return enough if plan.seeds is None else min(enough, plan.seeds)


def _at_length(plan: Plan, share: float) -> Plan:
    """The plan with every length that was told taken to a share."""
    arms = (replace(arm, epochs=None if arm.epochs is None else arm.epochs * share) for arm in plan.arms)
    return replace(plan, arms=tuple(arms))


def _fits(plan: Plan, training: Training, size: Size, condition: Condition) -> bool:
    """Whether the budget pays a condition; one that nobody asked for must be cheap, too."""
    networks = _seeds(plan) + (size.tuning.networks if condition.tuned else 0)
    if plan.work is not None:
        at = size.epochs * condition.share
        short = _at_length(plan, condition.share)
        cost = float(networks * sum(training.trainer.steps(arm.at({}, at)) for arm in short.arms))
        whole, left = float(plan.work), float(plan.work - training.planned_steps)
    else:
        cost = networks * len(plan.arms) * training.pace * condition.share
        whole, left = training.clock.budget or math.inf, training.clock.left
    if not condition.tuned and plan.defaults is None:
        return cost <= min(MODEST * whole, _OF_THE_REST * left)
    return cost <= left


def _spoken(share: float) -> str:
    """A share as a fraction where it is a simple one: "1/4"."""
    parts = 1 / share
    return f"1/{parts:.0f}" if abs(parts - round(parts)) < 1e-9 else f"{share:g}"
