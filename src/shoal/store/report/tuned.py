"""What was tuned, in which ranges, with what budget, and what was chosen."""

from typing import NamedTuple

from shoal.store.report.data import Arm, Report, number
from shoal.store.report.numbers import count, plain, span


class Tuned(NamedTuple):
    """A tuned hyperparameter of an arm. trials: that its arm finished; runs: with all their seeds."""

    arm: str
    name: str
    range: str
    tried: str
    chosen: str
    trials: int
    runs: int


def tuned(report: Report) -> tuple[Tuned, ...]:
    """A row for each tuned hyperparameter of each arm, the learning rate first."""
    return tuple(
        _row(arm, name) for arm in report.arms for name in sorted(arm.space, key=lambda name: name != arm.lr)
    )


def fixed(report: Report) -> tuple[tuple[str, str], ...]:
    """By arm the hyperparameters that were set and not tuned."""
    found = []
    for arm in report.arms:
        values = {name: value for name, value in arm.details["hyper"].items() if name not in arm.chosen}
        if values:
            found.append((arm.name, ", ".join(f"{name} {plain(value)}" for name, value in values.items())))
    return tuple(found)


def budget(report: Report) -> tuple[tuple[str, str], ...]:
    """The facts of the budget: what it is, and its text."""
    result = report.result
    spent = f"{result['work']:,} member-steps" if result["work"] else ""
    if result["budget_seconds"]:
        spent = span(result["budget_seconds"])
    judged = max((arm.seeds for arm in report.arms), default=0)
    facts = (
        ("Budget", spent or "none"),
        ("Took", span(number(result["seconds"]))),
        ("Networks trained", count(result["networks_trained"])),
        ("Member-steps", count(result["member_steps"])),
        ("Length of a training", f"{result['epochs']:g} epochs"),
        ("Tuning trials an arm", count(result["trials"])),
        ("Tuning seeds", f"{len(result['tuning_seeds'])}, none of them used to judge"),
        ("Evaluation seeds an arm", f"up to {count(judged)}"),
    )
    return tuple((name, text) for name, text in facts if text)


def _row(arm: Arm, name: str) -> Tuned:
    one = arm.space[name]
    scale = ", logarithmic" if one["log"] else ""
    tried = one.get("tried")
    return Tuned(
        arm.name,
        name,
        f"{plain(one['low'])} to {plain(one['high'])}{scale}",
        f"{plain(tried[0])} to {plain(tried[1])}" if tried else "–",
        plain(arm.chosen[name]) if name in arm.chosen else "–",
        len(arm.trials),
        sum(one.seeds for one in arm.trials),
    )
