"""Which optimizer helps where, tuned fairly and as it comes?

    python benchmarks/optimizers.py --data <adult and california_housing> --out records/<date>_optimizers

On each of four tasks every optimizer of the catalogue, every link put to Adam, a rule of its own for each
role of parameters, and rules one after the other are compared with Adam: first tuned, at equal budget, then
at their cards' default hyperparameters, untuned, at the same epochs and with other seeds.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import machine
from power import tasks

import shoal
from shoal.catalogue import describe
from shoal.experiments.result import ArmResult, Result

HYBRIDS = (
    "matrix:lion|adam",
    "matrix:adam|adam",
    "matrix:momentum|adam",
    "head:sgd|adam",
    "sgd>adam@0.3",
    "adam>sgd@0.5",
    "adam>momentum@0.5",
)
SIGNS = {"better": "+", "worse": "−", "under-tuned": "−", "same": "=", "undecided": "?", "baseline": ""}


def optimizers() -> list[str]:
    """Adam, the baseline, and what is compared with it."""
    from shoal import catalogue

    alone = [name for name in catalogue.names("optimizer") if name != "adam"]
    linked = []
    for name in catalogue.names("link"):
        behind = catalogue.find("link", name).PLACE == "change"
        linked.append(f"adam+{name}" if behind else f"{name}+adam")
    return ["adam", *alone, *linked, *HYBRIDS]


def untuned() -> dict[str, str]:
    """Every one of them as it comes: what tuning would choose at its default, no L2."""
    from shoal.composition import uses

    cards = {
        (one["kind"], one["name"]): one["hyper"] for kind in ("optimizer", "link") for one in describe(kind)
    }
    found = {}
    for optimizer in optimizers():
        told = [f"optimizer={optimizer}", "l2.coefficient=0"]
        for use in uses(optimizer):
            for name, one in cards[use.kind, use.technique].items():
                if one["low"] is not None and (use.kind == "link" or name in ("lr", "weight_decay")):
                    told.append(f"{use.label}.{name}={one['default']}")
        found[optimizer] = " ".join(told)
    return found


def runs(asked: argparse.Namespace) -> Iterator[tuple[str, Result, Result]]:
    """Task, tuned, untuned; each result is written when it is there."""
    for task, what in tasks(asked.data).items():
        if asked.tasks and task not in asked.tasks:
            continue
        vary = {"optimizer": optimizers()}
        tuned = shoal.compare(
            **what, vary=vary, budget=asked.budget, out=asked.out / ".runs" / f"{task}-tuned"
        )
        keep(asked.out / f"{task}-tuned.json", tuned)
        rest = {"arms": untuned(), "recipe": f"epochs={tuned.epochs}", "replicate": 1}
        plain = shoal.compare(
            **what, **rest, budget=asked.untuned_budget, out=asked.out / ".runs" / f"{task}-untuned"
        )
        keep(asked.out / f"{task}-untuned.json", plain)
        yield task, tuned, plain


def keep(file: Path, result: Result) -> None:
    plain = result.to_dict() | {"folder": None, "winner": None}  # paths of this machine stand in them
    file.write_text(json.dumps(plain, indent=1) + "\n")
    print(file.name, result.networks_trained, f"{result.seconds:.0f} s", flush=True)


def cell(arm: ArmResult | None, result: Result) -> str:
    """A mean, its difference's sign as far as it is decided, and runs that diverged."""
    if arm is None or not arm.counted:
        return "–"
    digits = -2 if arm.mean > 1000 else 3
    mean = f"{round(arm.mean, digits):.{max(digits, 0)}f}"
    lost = f" ({arm.diverged} diverged)" if arm.diverged else ""
    return f"{mean} {SIGNS[arm.verdict]}{lost}".strip()


def report(found: Sequence[tuple[str, Result, Result]]) -> list[str]:
    """Markdown: one row for each optimizer, two columns for each task."""
    heads = [head for task, *_ in found for head in (f"{task}, tuned", "as it comes")]
    lines = ["| optimizer | " + " | ".join(heads) + " | better | worse |"]
    lines += ["| - |" + " -: |" * (len(heads) + 2)]
    results = [result for _, *both in found for result in both]
    for name in optimizers():
        arms = [next((arm for arm in one.arms if arm.name == name), None) for one in results]
        tuned = [SIGNS[arm.verdict] for arm in arms[::2] if arm is not None]
        cells = [cell(arm, one) for arm, one in zip(arms, results, strict=True)]
        row = [name.replace("|", chr(92) + "|"), *cells, f"{tuned.count('+')}", f"{tuned.count('−')}"]
        lines.append(f"| {' | '.join(row)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--budget", default="6m")
    parser.add_argument("--untuned-budget", default="90s")
    parser.add_argument("--tasks", nargs="*", help="only these of digits, mnist1d, adult, california_housing")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    (asked.out / "machine.json").write_text(json.dumps(machine.describe(None), indent=1) + "\n")
    found = list(runs(asked))
    lines = ["# Which optimizer helps where", "", *report(found), ""]
    for task, tuned, plain in found:
        budgets = (
            f"{tuned.trials} tuning trials, {tuned.epochs:g} epochs, {tuned.networks_trained} networks tuned"
        )
        lines.append(
            f"- {task}: {tuned.metric}; {budgets}, {plain.networks_trained} untuned; "
            f"margin {tuned.margin:.3g}."
        )
    words = "Means over test rows; against Adam: + better, − worse or under-tuned, = same, ? undecided."
    (asked.out / "verdict.md").write_text("\n".join([*lines, "", words, ""]))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
