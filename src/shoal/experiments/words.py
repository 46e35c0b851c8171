"""The verdict in sentences: one for each arm, and what the user should know of the whole."""

import math
from collections.abc import Sequence

from shoal.experiments import hyperparameters, screening_plan, sizing
from shoal.experiments.imitation import imitates
from shoal.experiments.interactions import Interaction
from shoal.experiments.plan import Plan
from shoal.experiments.result import ArmResult
from shoal.experiments.run import Finished


def sentence(arm: ArmResult, plan: Plan, finished: Finished) -> str:
    """What may be said of one arm."""
    what = plan.judge if plan.judge != "score" else plan.metric
    if not arm.seeds:
        return f"{arm.name}: nothing could be judged, too few of its networks or the baseline's were done"
    low, high = arm.interval
    said = f"{arm.name}: {what} {arm.mean:.4g} ({low:.4g} to {high:.4g})"
    if arm.diverged:
        said += f", {arm.diverged} of {len(arm.seeds)} runs diverged and count as worst"
    if arm.verdict == "baseline":
        return f"{said}, the baseline"
    low, high = arm.difference_interval
    said += f", {arm.difference:+.3g} against {plan.baseline} ({low:+.3g} to {high:+.3g}"
    said += f", p {arm.p_corrected:.2g})"
    if math.isfinite(arm.probability_of_improvement):
        said += f", better in {100 * arm.probability_of_improvement:.0f} % of all pairs of runs"
    return f"{said}: {_reason(arm, plan, finished)}"


def _reason(arm: ArmResult, plan: Plan, finished: Finished) -> str:
    if arm.verdict == "under-tuned":
        return f"under-tuned, because {arm.name} can imitate {plan.baseline} and yet lost to it"
    if arm.verdict != "undecided":
        return arm.verdict
    if not finished.tuned:
        return "undecided, because the arms could not be tuned"
    if len(arm.seeds) < 2:
        return "undecided, because one seed tells nothing of chance"
    if arm.more_seeds is None:
        return "undecided; no number of seeds would tell, but more tuning might"
    if len(arm.seeds) < sizing.ENOUGH:
        return f"undecided with fewer than {sizing.ENOUGH} seeds; about {arm.more_seeds} more would tell"
    return f"undecided; about {arm.more_seeds} more seeds would tell"


def notes(
    plan: Plan, finished: Finished, arms: Sequence[ArmResult], interactions: Sequence[Interaction] = ()
) -> tuple[str, ...]:
    """What holds for the whole comparison, a sentence each."""
    said = list(finished.size.notes)
    recipes = {arm.name: arm.recipe for arm in plan.arms}
    if finished.interrupted:
        said.insert(0, "interrupted: this is what was finished; the same command continues it")
    elif not finished.tuned and finished.size.tuning.networks:
        said.append("tuning was cut off too early: arms ran at default hyperparameters and cannot be judged")
    if more := screening_plan.left_out(plan.screens):
        kinds = ", ".join(f"{name} {count}" for name, count in more.items())
        said.append(f"tried is what plain torch has; there are more techniques, compared by --vary: {kinds}")
    for arm in arms:
        if arm.edge:
            said.append(f"the best lr of {arm.name} is still at the edge of what was tried")
        if arm.verdict == "better" and imitates(recipes[plan.baseline], recipes[arm.name]):
            said.append(f"{plan.baseline} can imitate {arm.name} and lost to it: the baseline is under-tuned")
    if real := [one for one in interactions if one.real]:
        others = f"; so do {len(real) - 1} other pairs of values" if len(real) > 1 else ""
        said.append(f"the axes interact, so read the arms, not the effects alone: {real[0].words}{others}")
    said += _conditions(plan, finished, arms)
    if _batch_sizes_at_one_lr(plan, finished):
        said.append("batch sizes are compared at a fixed lr: the best lr grows with the batch size")
    return tuple(said)


def _conditions(plan: Plan, finished: Finished, arms: Sequence[ArmResult]) -> list[str]:
    """Where another condition's verdict contradicts an arm's, and what was asked for and not paid."""
    said, words = [], {arm.name: arm.verdict for arm in arms}
    for condition in finished.conditions:
        where = "untuned" if not condition.tuned else f"at {condition.name} of the length"
        differ = [
            f"{one.name} is {one.verdict}, not {words[one.name]}"
            for one in condition.arms
            if "undecided" not in (one.verdict, words[one.name]) and one.verdict != words[one.name]
        ]
        if differ:
            said.append(f"the verdicts depend on the conditions: {where}, {'; '.join(differ)}")
    tunable = any(arm.space for arm in plan.arms)
    asked = len(plan.lengths) + (plan.defaults is True and tunable)
    if finished.tuned and len(finished.conditions) < asked:
        said.append("the budget did not pay all conditions that were asked for (--lengths, --defaults)")
    return said


def _batch_sizes_at_one_lr(plan: Plan, finished: Finished) -> bool:
    """Whether two arms differ in batch size and share an lr that was not tuned for each."""
    fixed: dict[tuple[str, ...], set[object]] = {}
    for arm in plan.arms:
        keys = [one.key for one in hyperparameters.rates(arm.recipe)]
        rates = [key for key in keys if key not in arm.space or not finished.tuned]
        if rates:
            values = (arm.recipe.optimizer, *(f"{key}={arm.recipe.hyper.get(key)}" for key in rates))
            fixed.setdefault(values, set()).add(arm.recipe.batch_size)
    return any(len(sizes) > 1 for sizes in fixed.values())
