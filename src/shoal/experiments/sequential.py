"""Verdicts while evidence comes in: a look at the paired seeds after every block, at one error rate.

Look k of an evaluation that goes on may reject at level αₖ, a halving series that adds up to a fifth of α;
the last look has all that is left. So some arm is called better or worse wrongly with probability at most
Σ αₖ = α (Bonferroni over looks, and Holm's steps over the arms not yet rejected).
An arm that is decided keeps the numbers of that look and is trained no further: its time goes to the others.
Intervals are those of level 1 - αₖ, so all of an arm's looks together cover with probability 1 - α.

The levels are the spending of Lan & DeMets 1983, Discrete sequential boundaries for clinical trials,
Biometrika 70, made simple; when there is a last look is decided by the clock or the work, never by a score.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.experiments import judging
from shoal.experiments.plan import Plan
from shoal.experiments.trials import Best, luck
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
    luck: float = 0.0


class Pair(NamedTuple):
    """What is compared with what [seeds], the margin, the smallest step between two of its numbers, and the
    luck of tuning (see ``comparisons.compare``)."""

    ours: NDArray[np.float64]
    theirs: NDArray[np.float64]
    margin: float
    resolution: float
    luck: float = 0.0


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
    best: Mapping[str, Best],
) -> dict[str, Look]:
    """What the looks after each block say of every arm but the baseline; empty before there is anything.

    With a number of seeds that the user fixed there is one look, when the evaluation is over.
    """
    others = [arm.name for arm in plan.arms if arm.name != plan.baseline]

    def pairs(done: Sequence[Block]) -> dict[str, Pair]:
        numbers = judging.counted(merged(done, recorded), plan, task)
        base, resolution = numbers[plan.baseline], judging.resolution(plan, task)
        margin = plan.margin.absolute(judging.middle(base))
        return {
            arm: Pair(
                numbers[arm], base[: numbers[arm].size], margin, resolution, luck(best, arm, plan.baseline)
            )
            for arm in others
            if numbers[arm].size
        }

    return followed(plan, blocks, over, pairs, len(others))


def followed(
    plan: Plan,
    blocks: Sequence[Block],
    over: bool,
    pairs: Callable[[Sequence[Block]], Mapping[str, Pair]],
    hypotheses: int,
) -> dict[str, Look]:
    """The last look at each subject, a decided one keeping its own.

    pairs: the subjects' numbers after some blocks. hypotheses: how many subjects there are, whether all have
    numbers or not.
    """
    blocks = [block for block in blocks if block.seeds]
    if not blocks:
        return {}
    if plan.seeds is not None:
        if not over:
            return {}
        blocks = [Block(blocks[0].arms, tuple(seed for block in blocks for seed in block.seeds))]
    found: dict[str, Look] = {}
    for number, level in enumerate(levels(plan.alpha, len(blocks), over), start=1):
        seen = pairs(blocks[:number])
        open_ = {name: one for name, one in seen.items() if name not in found or _open(found[name])}
        rejected = sum(one.word in ("better", "worse") for one in found.values())
        found |= _look(plan, open_, hypotheses - rejected, level)
    return found


def undecided(plan: Plan, found: Mapping[str, Look]) -> list[str]:
    """The arms that more seeds are trained for, in the plan's order; none but the baseline: none at all."""
    left = [arm.name for arm in plan.arms if arm.name not in found or _open(found[arm.name])]
    return left if len(left) > 1 else []


def _open(look: Look) -> bool:
    return look.word == "undecided"


def _look(plan: Plan, pairs: Mapping[str, Pair], hypotheses: int, level: float) -> dict[str, Look]:
    """One look at ``pairs``; ``hypotheses``: how many are not rejected, those called "same" included."""
    higher = plan.judged_higher_is_better
    comparisons = {
        name: compare(
            one.ours,
            one.theirs,
            higher_is_better=higher,
            level=1 - level,
            resolution=one.resolution,
            luck=one.luck,
        )
        for name, one in pairs.items()
    }
    settled = [1.0] * (hypotheses - len(pairs))
    corrected = holm([*(one.p for one in comparisons.values()), *settled])
    found = {}
    for (name, one), p in zip(comparisons.items(), corrected, strict=False):
        margin = pairs[name].margin
        word = verdict(one.difference, one.interval, float(p), margin, one.n, level, higher_is_better=higher)
        if not (np.isfinite(pairs[name].ours).any() or np.isfinite(pairs[name].theirs).any()):
            word = "undecided"  # nobody reached the score: nothing is known of who is sooner
        found[name] = Look(
            word, one, min(1.0, float(p) * (plan.alpha / level)), level, margin, pairs[name].luck
        )
    return found
