"""What the reader should know before trusting the numbers: a sentence each, the gravest first."""

from collections.abc import Callable, Sequence
from functools import partial

from shoal.store.report.data import Arm, Report
from shoal.store.report.numbers import count

_FEW = 6
"""Arms of one warning that get a sentence each."""


def warnings(report: Report) -> tuple[str, ...]:
    """Diverged runs, arms that were not tuned enough, edges of ranges, and what is undecided."""
    arms = report.arms
    return (
        *_each("diverged", [arm for arm in arms if arm.diverged], _diverged),
        *_each("under-tuned", [arm for arm in arms if arm.verdict == "under-tuned"], partial(_under, report)),
        *_each("at the edge of its range", [arm for arm in arms if arm.edge], _edge),
        *_each("undecided", [arm for arm in arms if arm.verdict == "undecided"], _undecided),
    )


def _each(what: str, arms: Sequence[Arm], said: Callable[[Arm], str]) -> list[str]:
    """A sentence for each arm; of many for the first few, and the names of the others."""
    found = [said(arm) for arm in arms[:_FEW]]
    if more := arms[_FEW:]:
        found.append(f"{what.capitalize()}, too: {', '.join(arm.name for arm in more)}.")
    return found


def notes(report: Report) -> tuple[str, ...]:
    """The run's own notes, without those that ``warnings`` tells."""
    return tuple(note for note in report.notes if "is still at the edge of what was tried" not in note)


def _diverged(arm: Arm) -> str:
    return f"{arm.name}: {arm.diverged} of {arm.seeds} runs diverged; they count as the worst score."


def _under(report: Report, arm: Arm) -> str:
    return (
        f"{arm.name} can do exactly what {report.baseline} does and yet lost to it: it was not tuned enough, "
        "and nothing is said against it."
    )


def _edge(arm: Arm) -> str:
    span = arm.space.get(arm.lr, {}).get("tried") or []
    tried = f" ({span[0]:.3g} to {span[1]:.3g})" if len(span) == 2 else ""
    what = f"{arm.name}: the best {arm.lr} is still at the edge of what was tried{tried}"
    return f"{what}; a better one may lie beyond."


def _undecided(arm: Arm) -> str:
    if not arm.seeds:
        return f"{arm.name}: not judged, too few networks were finished."
    if arm.seeds == 1:
        return f"{arm.name}: undecided after one evaluation seed, which tells nothing of chance."
    more = "no number of seeds would tell, but more tuning might"
    if arm.more_seeds is not None:
        more = f"about {count(arm.more_seeds)} more would tell"
    return f"{arm.name}: undecided after {count(arm.seeds)} evaluation seeds; {more}."
