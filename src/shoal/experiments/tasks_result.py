"""The result of a comparison over several tasks: what is returned, printed and written as JSON."""

import math
from dataclasses import dataclass

from shoal.experiments.keyed import Keyed
from shoal.experiments.result import Result, Word


@dataclass(frozen=True)
class ArmOverTasks:
    """What may be said of one arm over all tasks. NaN, null in JSON, stands where there is no number.

    verdicts, differences: on each of ``TasksResult.tasks``; a difference is arm - baseline in units of that
    task's margin, above 0 where the arm is better, so that tasks of all metrics count alike. average_rank: 1
    would be the best on every task that counts. better, same, worse, undecided: on how many tasks. mean: the
    mean difference over tasks like these, in margins (a median where one is infinite), with its interval;
    between: the standard deviation of true differences between tasks. p_corrected: by signed ranks, over all
    arms, to be held against alpha. more_tasks: about how many more would tell, None where that is not known.
    """

    name: str
    verdicts: tuple[Word, ...]
    differences: tuple[float, ...]
    average_rank: float
    better: int
    same: int
    worse: int
    undecided: int
    mean: float
    interval: tuple[float, float]
    between: float
    p_corrected: float
    more_tasks: int | None
    verdict: Word
    words: str


@dataclass(frozen=True)
class TasksResult(Keyed):
    """A comparison over several tasks; also a mapping, like ``Result``.

    tasks: their names; comparisons: the whole result on each, None for one that was not begun. counted: the
    tasks that the tests over tasks stand on, those on which every arm was tuned and has a difference.
    friedman_p: whether any arms differ at all (Iman and Davenport's F), None for fewer than three arms or two
    tasks. nemenyi_distance: the difference of average ranks that tells any two arms apart. fewest_tasks: with
    fewer no arm can be better or worse over tasks, whatever it does. folder: holds a results folder for each.
    """

    tasks: tuple[str, ...]
    axis: str
    judge: str
    baseline: str
    alpha: float
    budget_seconds: float | None
    work: int | None
    seconds: float
    networks_trained: int
    member_steps: int
    arms: tuple[ArmOverTasks, ...]
    counted: tuple[str, ...]
    friedman_p: float | None
    nemenyi_distance: float | None
    fewest_tasks: int
    comparisons: tuple[Result | None, ...]
    notes: tuple[str, ...]
    interrupted: bool
    plan_hash: str
    folder: str | None

    def __hash__(self) -> int:
        return hash(self.plan_hash)

    def table(self) -> list[str]:
        """The arms × tasks table as lines, best average rank first."""
        rows = [("arm", *self.tasks, "rank", "over tasks")]
        for arm in sorted(self.arms, key=lambda arm: (math.isnan(arm.average_rank), arm.average_rank)):
            rows.append((arm.name, *arm.verdicts, f"{arm.average_rank:.2f}", arm.verdict))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]

    def __repr__(self) -> str:
        head = f"{len(self.tasks)} tasks: {self.networks_trained:,} networks trained in {self.seconds:.0f} s"
        return "\n".join([head, *self.table(), *(f"- {note}" for note in self.notes)])
