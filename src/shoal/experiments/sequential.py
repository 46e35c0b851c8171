"""Verdicts while evidence comes in: a look at the paired seeds after every block, at one error rate.

Look k of an evaluation that goes on may reject at level αₖ, a halving series that adds up to a fifth of α;
the last look has all that is left. So some arm is called better or worse wrongly with probability at most
Σ αₖ = α (Bonferroni over looks, and Holm's steps over the arms not yet rejected).
An arm that is decided keeps the numbers of that look and is trained no further: its time goes to the others.
Intervals are those of level 1 - αₖ, so all of an arm's looks together cover with probability 1 - α.

The levels are the spending of Lan & DeMets 1983, Discrete sequential boundaries for clinical trials,
Biometrika 70, made simple; when there is a last look is decided by the clock or the work, never by a score.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from shoal.experiments import judging
from shoal.experiments.plan import Plan
from shoal.population.recipe import Outcome
from shoal.statistics.comparisons import Comparison, compare
from shoal.statistics.corrections import holm
from shoal.statistics.verdicts import Verdict, verdict
from shoal.tasks.task import Task

SPENT_EARLY = 0.2
"""Share of alpha that all looks but the last may spend together."""


class Block(NamedTuple):
    """Evaluation seeds that were trained together: the arms, and the seeds that all of them finished."""

    arms: tuple[str, ...]
    seeds: tuple[int, ...]


class Look(NamedTuple):
    """What is known of an arm against the baseline. p: corrected for all arms and looks, to be held against
    the plan's alpha. alpha: the level of this look, which the comparison's interval has."""

    word: Verdict
    comparison: Comparison
    p: float
    alpha: float
    margin: float


def levels(alpha: float, looks: int, over: bool) -> list[float]:
    """The level of each look; ``over``: whether the last of them is the evaluation's last."""
    early = [alpha * SPENT_EARLY / 2 ** (look + 1) for look in range(looks - over)]
    return [*early, alpha - sum(early)] if over else early


def merged(
    blocks: Sequence[Block], recorded: Mapping[str, Mapping[int, Outcome]]
) -> dict[str, dict[int, Outcome]]:
    """By arm and seed the outcomes of the blocks, an arm's seeds being the first ones of the baseline's."""
    found: dict[str, dict[int, Outcome]] = {arm: {} for arm in recorded}
    for block in blocks:
        for arm in block.arms:
            found[arm] |= {seed: recorded[arm][seed] for seed in block.seeds}
    return found


def looks(
    plan: Plan,
    task: Task,
    blocks: Sequence[Block],
    recorded: Mapping[str, Mapping[int, Outcome]],
    over: bool,
) -> dict[str, Look]:
    """What the looks after each block say of every arm but the baseline; empty before there is anything.

    With a number of seeds that the user fixed there is one look, when the evaluation is over.
    """
    blocks = [block for block in blocks if block.seeds]
    if not blocks:
        return {}
    if plan.seeds is not None:
        if not over:
            return {}
        blocks = [Block(blocks[0].arms, tuple(seed for block in blocks for seed in block.seeds))]
    others = [arm.name for arm in plan.arms if arm.name != plan.baseline]
    found: dict[str, Look] = {}
    for number, level in enumerate(levels(plan.alpha, len(blocks), over), start=1):
        outcomes = merged(blocks[:number], recorded)
        open_ = [
            arm for arm in others if outcomes[arm] and (arm not in found or found[arm].word == "undecided")
        ]
        rejected = sum(arm in found and found[arm].word in ("better", "worse") for arm in others)
        found |= _look(plan, task, outcomes, open_, len(others) - rejected, level)
    return found


def undecided(plan: Plan, found: Mapping[str, Look]) -> list[str]:
    """The arms that more seeds are trained for, in the plan's order; none but the baseline: none at all."""
    left = [arm.name for arm in plan.arms if arm.name not in found or found[arm.name].word == "undecided"]
    return left if len(left) > 1 else []


def _look(
    plan: Plan,
    task: Task,
    outcomes: Mapping[str, Mapping[int, Outcome]],
    arms: Sequence[str],
    hypotheses: int,
    level: float,
) -> dict[str, Look]:
    """One look at ``arms``; ``hypotheses``: how many have not been rejected, those called "same" included."""
    numbers = judging.counted(outcomes, plan, task)
    base, resolution = numbers[plan.baseline], judging.resolution(plan, task)
    comparisons = {
        arm: compare(
            numbers[arm],
            base[: numbers[arm].size],
            higher_is_better=plan.judged_higher_is_better,
            level=1 - level,
            resolution=resolution,
        )
        for arm in arms
    }
    settled = [1.0] * (hypotheses - len(arms))
    corrected = holm([*(comparisons[arm].p for arm in arms), *settled])
    margin = plan.margin.absolute(judging.middle(base))
    found = {}
    for arm, p in zip(arms, corrected, strict=False):
        one = comparisons[arm]
        word = verdict(
            one.difference,
            one.interval,
            float(p),
            margin,
            one.n,
            level,
            higher_is_better=plan.judged_higher_is_better,
        )
        if not (np.isfinite(numbers[arm]).any() or np.isfinite(base).any()):
            word = "undecided"  # nobody reached the score: nothing is known of who is sooner
        found[arm] = Look(word, one, min(1.0, float(p) * (plan.alpha / level)), level, margin)
    return found
