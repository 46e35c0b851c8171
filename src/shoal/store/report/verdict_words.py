"""The verdict in a sentence or three: what helped, by how much, how sure, at what cost."""

import math
from collections.abc import Sequence

from shoal.store.report.data import Arm, Report
from shoal.store.report.numbers import percent, score, signed, span

_FEW = 4


def verdict_words(report: Report) -> tuple[str, ...]:
    """The first sentence is the answer; the others say how sure it is, and what could not be told."""
    if not any(math.isfinite(arm.mean) for arm in report.arms):
        return ("Nothing could be judged: too few networks were finished.",)
    better = [arm for arm in report.arms if arm.verdict == "better"]
    if better:
        said = [_helps(better[0], report), _sure(better[0], report)]
        if len(better) > 1:
            said.append(f"Better, too: {_listed(better[1:])}.")
    else:
        said = [_none_helps(report)]
    return (*said, *_rest(report))


def _helps(arm: Arm, report: Report) -> str:
    decimals, base = report.decimals, report.base
    what = f"{arm.axis} {arm.name.removeprefix(f'{arm.axis} ')}" if report.candidates else arm.name
    way = "higher" if arm.difference > 0 else "lower"
    return (
        f"{what} helps: its {report.judged} is {score(abs(arm.difference), decimals)} {way} than that of "
        f"{base.name}, {score(arm.mean, decimals)} against {score(base.mean, decimals)}."
    )


def _sure(arm: Arm, report: Report) -> str:
    low, high = (signed(end, report.decimals) for end in arm.difference_interval)
    return (
        f"The interval of the difference is {low} to {high} over {arm.seeds} seeds. One training with it "
        f"beats one without with a probability of {percent(arm.probability)}; {_price(arm, report)}."
    )


def _price(arm: Arm, report: Report) -> str:
    ours, theirs = arm.seconds, report.base.seconds
    if not (ours > 0 and theirs > 0):
        return "what it costs was not measured"
    if 0.95 <= ours / theirs <= 1.05:
        return f"it costs the same, {span(ours)} a training"
    more = f"{ours / theirs:.2g} times" if ours > theirs else f"{percent(ours / theirs)} of"
    return f"a training takes {more} the time, {span(ours)} instead of {span(theirs)}"


def _none_helps(report: Report) -> str:
    others = [arm for arm in report.arms if not arm.is_baseline]
    same = [arm for arm in others if arm.verdict == "same"]
    base = report.base
    at = f"{report.judged} {score(base.mean, report.decimals)}"
    if others and len(same) == len(others):
        return (
            f"Nothing of what was tried makes a difference: {_listed(same)} "
            f"{'is' if len(same) == 1 else 'are'} the same as {base.name} ({at}) within the margin of "
            f"{report.margin:.3g}."
        )
    return f"Nothing was shown to be better than {base.name} ({at})."


def _rest(report: Report) -> list[str]:
    """The arms that the first sentences do not tell of."""
    groups = (
        ("worse", "Worse"),
        ("under-tuned", "Under-tuned, so not judged"),
        ("same", f"The same within the margin of {report.margin:.3g}"),
        ("undecided", "Undecided"),
    )
    found = {word: [arm for arm in report.arms if arm.verdict == word] for word, _ in groups}
    others = len(report.arms) - 1
    told = [f"{start}: {_listed(found[word])}" for word, start in groups if found[word]]
    if len(found["same"]) == others:
        told = []
    return [f"{'. '.join(told)}."] if told else []


def _listed(arms: Sequence[Arm]) -> str:
    names = [arm.name for arm in arms]
    if len(names) > _FEW + 1:
        return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
