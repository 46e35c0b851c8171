"""The verdict: what may be said of each arm, from the plan and the outcomes alone."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from shoal.experiments import effects, interactions, judging, sequential
from shoal.experiments.arms import Arm
from shoal.experiments.effects import Effect
from shoal.experiments.imitation import imitates
from shoal.experiments.interactions import Interaction
from shoal.experiments.plan import Plan
from shoal.experiments.result import ArmResult, Word
from shoal.experiments.run import Finished
from shoal.experiments.sequential import Look
from shoal.experiments.trials import luck
from shoal.experiments.words import sentence
from shoal.population.recipe import Outcome
from shoal.statistics.comparisons import Comparison, paired_differences
from shoal.statistics.intervals import EVERYTHING, Interval
from shoal.statistics.power import seeds_needed
from shoal.tasks.task import Task

_NOTHING = Comparison(0, math.nan, EVERYTHING, 1.0, math.nan, "mean")


class Verdicts(NamedTuple):
    """Every arm's result in the plan's order, the margin in the judged number's unit, and of crossed axes the
    main effects and their interactions."""

    arms: tuple[ArmResult, ...]
    margin: float
    effects: tuple[Effect, ...]
    interactions: tuple[Interaction, ...]


class Judged(NamedTuple):
    """The judged numbers of every arm [seeds], the last look at each but the baseline, and the margin."""

    numbers: Mapping[str, np.ndarray]
    looks: Mapping[str, Look]
    margin: float


def judge(plan: Plan, task: Task, finished: Finished) -> Verdicts:
    """What may be said of everything the plan compares."""
    found = _look(plan, task, finished)
    arms = [_arm(plan, task, finished, found, arm) for arm in plan.arms]
    return Verdicts(
        tuple(replace(arm, words=sentence(arm, plan, finished)) for arm in arms),
        found.margin,
        *(_effects(plan, task, finished) if plan.crossed else ((), ())),
    )


def _effects(
    plan: Plan, task: Task, finished: Finished
) -> tuple[tuple[Effect, ...], tuple[Interaction, ...]]:
    """The main effects at their last look, and the interactions at the error rate of that look."""
    blocks = [block for block in finished.blocks if block.seeds]
    found = (
        effects.looks(plan, task, blocks, finished.outcomes, over=False, best=finished.best)
        if finished.tuned
        else {}
    )
    over = effects.undecided(plan, found)
    if over:
        found = effects.looks(plan, task, blocks, finished.outcomes, over=True, best=finished.best)
    whole = [block for block in blocks if len(block.arms) == len(plan.arms)]
    levels = sequential.levels(plan.alpha, len(blocks) if plan.seeds is None else 1, over)
    made = effects.effects(plan, task, finished.outcomes, found, finished.tuned)
    if not finished.tuned or not whole:
        return made, ()
    last = levels[-1] if over else levels[len(whole) - 1]
    return made, interactions.interactions(plan, task, finished.outcomes, last, finished.best)


def _look(plan: Plan, task: Task, finished: Finished) -> Judged:
    """The evaluation's last look; none is due where the looks before it decided every arm.

    Numbers of an arm that was decided and trained on, for the effects' sake, end where it was decided.
    """
    looks: Mapping[str, Look] = {}
    if finished.tuned:
        looks = sequential.looks(
            plan, task, finished.blocks, finished.outcomes, over=False, best=finished.best
        )
    if sequential.undecided(plan, looks):
        looks = sequential.looks(
            plan, task, finished.blocks, finished.outcomes, over=True, best=finished.best
        )
    numbers = judging.counted(finished.outcomes, plan, task)
    base = numbers[plan.baseline]
    numbers |= {arm: numbers[arm][: look.comparison.n] for arm, look in looks.items()}
    return Judged(numbers, looks, plan.margin.absolute(judging.middle(base)) if base.size else 0.0)


def _word(plan: Plan, arm: Arm, finished: Finished, found: Judged) -> Word:
    """Rule 3 on top of the statistics: an arm that contains the baseline's rule and loses is under-tuned."""
    if arm.name == plan.baseline:
        return "baseline"
    if arm.name not in found.looks or not finished.tuned:
        return "undecided"
    word = found.looks[arm.name].word
    if word == "worse" and plan.judge == "score":
        base = next(one.recipe for one in plan.arms if one.name == plan.baseline)
        return "under-tuned" if imitates(arm.recipe, base) else "worse"
    return word


def _arm(plan: Plan, task: Task, finished: Finished, found: Judged, arm: Arm) -> ArmResult:
    word = _word(plan, arm, finished, found)
    numbers, is_baseline = found.numbers[arm.name], arm.name == plan.baseline
    outcomes = dict(list(finished.outcomes[arm.name].items())[: numbers.size])
    look = found.looks.get(arm.name)
    one = look.comparison if look else _NOTHING
    interval = EVERYTHING
    if numbers.size:
        interval = judging.around(numbers, 1 - plan.alpha, judging.resolution(plan, task))
    return ArmResult(
        name=arm.name,
        hyper={**arm.recipe.hyper, **finished.best[arm.name].point},
        search_space=_space(arm, finished),
        seeds=tuple(outcomes),
        scores=tuple(math.nan if each.diverged else each.test_score for each in outcomes.values()),
        counted=tuple(float(number) for number in numbers),
        mean=judging.middle(numbers) if numbers.size else math.nan,
        interval=_pair(interval),
        difference=0.0 if is_baseline and numbers.size else one.difference,
        difference_interval=(0.0, 0.0) if is_baseline and numbers.size else _pair(one.interval),
        probability_of_improvement=0.5 if is_baseline and numbers.size else one.probability_of_improvement,
        p_corrected=look.p if look else math.nan,
        train_loss=_mean(outcomes, lambda each: each.train_loss),
        steps=_mean(outcomes, lambda each: each.steps),
        evaluations=_mean(outcomes, lambda each: each.evaluations),
        time_seconds=_mean(outcomes, lambda each: each.seconds),
        memory_bytes=_mean(outcomes, lambda each: each.memory),
        gap=_mean(outcomes, lambda each: judging.gap(each, plan.higher_is_better)),
        diverged=sum(each.diverged for each in outcomes.values()),
        edge=bool(finished.best[arm.name].edges),
        more_seeds=_more_seeds(plan, found, finished, arm.name) if word == "undecided" else None,
        verdict=word,
        words="",
        axis=plan.axis_of(arm.name),
    )


def _more_seeds(plan: Plan, found: Judged, finished: Finished, name: str) -> int | None:
    """How many more would tell; None where that is unknown, or where no number would: of untuned arms."""
    if found.numbers[name].size < 2 or not finished.tuned:
        return None
    numbers = found.numbers[name]
    differences = paired_differences(numbers, found.numbers[plan.baseline][: numbers.size])
    share = luck(finished.best, name, plan.baseline)
    more = seeds_needed(differences, found.margin, arms=len(plan.arms) - 1, alpha=plan.alpha, luck=share)
    return None if more is None else max(more, 1)


def _space(arm: Arm, finished: Finished) -> dict[str, dict[str, object]]:
    """The ranges of the cards, and how far was really tried."""
    points = tuple(finished.tried.get(arm.name, {}).values())
    return {
        name: {
            "low": one.range.low,
            "high": one.range.high,
            "log": one.range.log,
            "tried": [min(p[name] for p in points), max(p[name] for p in points)] if points else None,
        }
        for name, one in arm.space.items()
    }


def _mean(outcomes: Mapping[int, Outcome], number: Callable[[Outcome], float]) -> float:
    """Over the runs that did not diverge; NaN if there are none."""
    numbers = [number(each) for each in outcomes.values() if not each.diverged]
    return float(np.mean(numbers)) if numbers else math.nan


def _pair(interval: Interval) -> tuple[float, float]:
    return float(interval.low), float(interval.high)
