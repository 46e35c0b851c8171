"""What the reader should know before trusting the numbers: a sentence each, the gravest first."""

from shoal.store.report.data import Arm, Report
from shoal.store.report.numbers import count


def warnings(report: Report) -> tuple[str, ...]:
    """Diverged runs, arms that were not tuned enough, edges of ranges, and what is undecided."""
    return (
        *(_diverged(arm) for arm in report.arms if arm.diverged),
        *(_under_tuned(arm, report) for arm in report.arms if arm.verdict == "under-tuned"),
        *(_edge(arm) for arm in report.arms if arm.edge),
        *_undecided(report),
    )


def notes(report: Report) -> tuple[str, ...]:
    """The run's own notes, without those that ``warnings`` tells."""
    return tuple(note for note in report.notes if "is still at the edge of what was tried" not in note)


def _diverged(arm: Arm) -> str:
    return f"{arm.name}: {arm.diverged} of {arm.seeds} runs diverged; they count as the worst score."


def _under_tuned(arm: Arm, report: Report) -> str:
    return (
        f"{arm.name} can do exactly what {report.baseline} does and yet lost to it: it was not tuned enough, "
        "and nothing is said against it."
    )


def _edge(arm: Arm) -> str:
    span = arm.space.get(arm.lr, {}).get("tried") or []
    tried = f" ({span[0]:.3g} to {span[1]:.3g})" if len(span) == 2 else ""
    what = f"{arm.name}: the best {arm.lr} is still at the edge of what was tried{tried}"
    return f"{what}; a better one may lie beyond."


def _undecided(report: Report) -> list[str]:
    arms = [arm for arm in report.arms if arm.verdict == "undecided"]
    said = [f"{arm.name}: not judged, too few networks were finished." for arm in arms if not arm.seeds]
    for arm in (arm for arm in arms if arm.seeds):
        more = "no affordable number of seeds would tell"
        if arm.more_seeds is not None:
            more = f"about {count(arm.more_seeds)} more would tell"
        said.append(f"{arm.name}: undecided after {count(arm.seeds)} evaluation seeds; {more}.")
    return said
