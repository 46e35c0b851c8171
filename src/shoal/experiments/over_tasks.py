"""What comparisons on several tasks say together: one verdict for each arm, the tasks being the unit.

Differences are counted in margins, the smallest difference that matters on a task, so that an accuracy and an
RMSE count alike. An arm is better (worse) over tasks by signed ranks corrected by Holm's method, and only if
it is so by a margin in the mean; "same" if the mean's whole interval lies within a margin. See
``shoal.statistics.over_tasks`` for the sources.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.experiments.result import ArmResult, Result, Word
from shoal.experiments.tasks_result import ArmOverTasks
from shoal.statistics.comparisons import paired_differences
from shoal.statistics.corrections import holm
from shoal.statistics.over_tasks import across_tasks, friedman, nemenyi_distance, ranks, signed_rank_p
from shoal.statistics.power import seeds_needed, seeds_to_reach
from shoal.statistics.verdicts import verdict


class OverTasks(NamedTuple):
    """See ``TasksResult``; counted: numbers of the comparisons that count."""

    arms: tuple[ArmOverTasks, ...]
    counted: tuple[int, ...]
    friedman_p: float | None
    nemenyi_distance: float | None
    fewest_tasks: int
    notes: tuple[str, ...]


def judge(found: Sequence[Result | None], names: Sequence[str], baseline: str, alpha: float) -> OverTasks:
    """The verdicts over the comparisons of ``names`` (arms); None stands for one that was not made."""
    others = [name for name in names if name != baseline]
    fewest = seeds_to_reach(len(others), alpha)
    units = np.array([[_difference(one, name)[0] for name in names] for one in found])
    errors = np.array([[_difference(one, name)[1] for name in names] for one in found])
    whole = [
        place
        for place, one in enumerate(found)
        if one is not None and one.tuned and not one.interrupted and not np.isnan(units[place]).any()
    ]
    ranked = ranks(units[whole]) if whole else np.empty((0, len(names)))
    corrected = dict.fromkeys(others, math.nan)
    if whole:
        p = [signed_rank_p(units[whole, names.index(name)]) for name in others]
        corrected = dict(zip(others, map(float, holm(p)), strict=True))
    test = friedman(ranked)
    arms = [
        _arm(found, name, units[:, place], errors[:, place], whole, _mean(ranked[:, place]),
             None if name == baseline else corrected[name], fewest, len(others), alpha)
        for place, name in enumerate(names)
    ]  # fmt: skip
    distance = nemenyi_distance(len(whole), len(names), alpha) if test is not None else None
    return OverTasks(
        tuple(arms), tuple(whole), None if test is None else test.f_p, distance, fewest,
        _notes(len(found), len(whole), fewest, None if test is None else test.f_p, alpha),
    )  # fmt: skip


def _difference(result: Result | None, name: str) -> tuple[float, float]:
    """An arm's difference in margins, above 0 if better, and its squared standard error; NaN for none."""
    arm = None if result is None else next((one for one in result.arms if one.name == name), None)
    if result is None or arm is None or not arm.counted or math.isnan(arm.difference):
        return math.nan, math.nan
    sign = 1 if result.judge == "score" and result.higher_is_better else -1
    if arm.name == result.baseline:
        return 0.0, 0.0
    if result.margin == 0.0:
        return (math.copysign(math.inf, sign * arm.difference) if arm.difference else 0.0), math.nan
    pairs = paired_differences(arm.counted, _baseline(result).counted[: len(arm.counted)])
    error = float(pairs.var(ddof=1)) / pairs.size if pairs.size > 1 and np.isfinite(pairs).all() else math.nan
    return sign * arm.difference / result.margin, error / result.margin**2


def _baseline(result: Result) -> ArmResult:
    return next(one for one in result.arms if one.name == result.baseline)


def _arm(
    found: Sequence[Result | None], name: str, units: NDArray[np.float64], errors: NDArray[np.float64],
    whole: Sequence[int], rank: float, p: float | None, fewest: int, arms: int, alpha: float,
) -> ArmOverTasks:  # fmt: skip
    """p: corrected; None for the baseline."""
    each = tuple(_word(one, name) for one in found)
    counts = {word: sum(one == word for one in each) for word in ("better", "same", "undecided")}
    over = across_tasks(units[whole], errors[whole], 1 - alpha) if whole else None
    center, interval, between = over or (math.nan, (-math.inf, math.inf), math.nan)
    word: Word = "baseline"
    more = None
    if p is not None:
        word = "undecided"
        if over is not None and not math.isnan(center):
            word = verdict(center, over.interval, p, 1.0, len(whole), alpha, minimum_seeds=fewest)
        if word == "undecided":
            more = _more(units[whole], fewest, arms, alpha)
    worse = sum(one in ("worse", "under-tuned") for one in each)
    made = ArmOverTasks(
        name, each, tuple(map(float, units)), rank, counts["better"], counts["same"], worse,
        0 if p is None else counts["undecided"], center, (float(interval[0]), float(interval[1])),
        between, math.nan if p is None else p, more, word, "",
    )  # fmt: skip
    return replace(made, words=_words(made, len(whole), fewest))


def _word(result: Result | None, name: str) -> Word:
    arm = None if result is None else next((one for one in result.arms if one.name == name), None)
    return "undecided" if arm is None else arm.verdict


def _more(units: NDArray[np.float64], fewest: int, arms: int, alpha: float) -> int | None:
    """More tasks that would tell, if they are like those there are; those that any verdict takes at least."""
    least = max(0, fewest - units.size)
    if units.size < 2:
        return least
    told = seeds_needed(units, 1.0, arms=arms, alpha=alpha, minimum_seeds=fewest)
    return None if told is None else max(told, least, 1)


def _words(arm: ArmOverTasks, tasks: int, fewest: int) -> str:
    if not tasks:
        said = f"{arm.name}: {arm.verdict} over tasks, because on no task all arms were judged"
        return f"{arm.name}: the baseline" if arm.verdict == "baseline" else said
    if arm.verdict == "baseline":
        return f"{arm.name}: the baseline, average rank {arm.average_rank:.2f}"
    low, high = arm.interval
    said = f"{arm.name}: better on {arm.better}, same on {arm.same}, worse on {arm.worse}, undecided on "
    said += (
        f"{arm.undecided} tasks; average rank {arm.average_rank:.2f}; in the mean {arm.mean:+.2f} margins "
    )
    said += f"({low:+.2f} to {high:+.2f}, p {arm.p_corrected:.2g} by signed ranks): {arm.verdict} over tasks"
    if tasks < fewest:
        said += f", because {tasks} tasks cannot tell: at least {fewest} are needed"
    elif arm.more_tasks is not None:
        said += f"; about {arm.more_tasks} more tasks would tell"
    return said


def _notes(tasks: int, counted: int, fewest: int, friedman_p: float | None, alpha: float) -> tuple[str, ...]:
    said = []
    if counted < tasks:
        said.append(
            f"the tests over tasks stand on {counted} of {tasks} tasks: on others not all arms were judged"
        )
    if counted < fewest:
        said.append(
            f"{counted} tasks cannot show at error rate {alpha:g} that an arm is better or worse on tasks "
            f"like these, whatever it does on each: at least {fewest} are needed"
        )
    if friedman_p is not None:
        differ = "the arms differ" if friedman_p <= alpha else "no difference among the arms is shown"
        said.append(f"by their ranks on {counted} tasks, {differ} (Friedman's test, p {friedman_p:.2g})")
    return tuple(said)


def _mean(numbers: NDArray[np.float64]) -> float:
    return float(numbers.mean()) if numbers.size else math.nan
