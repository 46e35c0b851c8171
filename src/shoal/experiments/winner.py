"""The winner of a comparison: which arm, tuned how, trained with which seed."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shoal.experiments.evaluation import job_of
from shoal.experiments.plan import Plan
from shoal.experiments.result import ArmResult
from shoal.experiments.run import Finished
from shoal.population.recipe import Outcome, Recipe


class Winner(NamedTuple):
    """arm: its name. recipe: tuned, of full length. why: what may be said of the arm, without a full stop."""

    arm: str
    recipe: Recipe
    seed: int
    why: str


def choose(plan: Plan, finished: Finished, arms: Sequence[ArmResult]) -> Winner | None:
    """The arm with the best mean difference from the baseline, and its seed with the best validation score.

    The difference is paired by seed, so that an arm that was decided on fewer seeds is compared on those; of
    equals the baseline is taken. The seed is never chosen by test rows: without validation rows it is the
    first. None where every network of every arm diverged or nothing was judged.
    """
    better = 1 if plan.judged_higher_is_better else -1
    whole = {arm.name: _whole(finished.outcomes[arm.name]) for arm in arms}
    judged = [arm for arm in arms if whole[arm.name] and math.isfinite(arm.difference)]
    if not judged:
        return None
    best = max(judged, key=lambda arm: (round(better * arm.difference, 12), arm.name == plan.baseline))
    seed = _best_seed(whole[best.name], plan.higher_is_better)
    planned = next(arm for arm in plan.arms if arm.name == best.name)
    recipe = job_of(planned, finished.size, finished.best[best.name], seed).recipe
    return Winner(best.name, recipe, seed, _why(best, plan))


def _whole(outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
    return {seed: one for seed, one in outcomes.items() if not one.diverged}


def _best_seed(outcomes: Mapping[int, Outcome], higher_is_better: bool) -> int:
    """By validation score, then validation loss, then the first; without validation rows the first."""

    def rank(seed: int) -> tuple[float, float, int]:
        one = outcomes[seed]
        if math.isnan(one.valid_score):
            return 0.0, 0.0, seed
        return -one.valid_score if higher_is_better else one.valid_score, one.valid_loss, seed

    return min(outcomes, key=rank)


def _why(arm: ArmResult, plan: Plan) -> str:
    base = f"the baseline {plan.baseline}"
    said = {
        "baseline": "the baseline, which no other arm surpassed in the mean",
        "better": f"better than {base}",
        "same": f"with the best mean of all arms, though the same as {base} within the margin",
    }
    unsure = f"with the best mean of all arms, though it is undecided whether it is better than {base}"
    return f"{arm.name}, {said.get(arm.verdict, unsure)}"
