"""Which optimizer helps where, tuned fairly and as it comes?

    python benchmarks/optimizers.py --data <adult and california_housing> --out records/<date>_optimizers

On each of four tasks every optimizer of the catalogue, every link put to Adam, a rule of its own for each
role of parameters, and rules one after the other are compared with Adam: first tuned, at equal budget, then
at their cards' default hyperparameters, untuned, at the same epochs and with other seeds. Does what is put
together beat its parts? That is asked of the same numbers. Results that are in the folder are not run again.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import machine
from power import tasks

import shoal
from shoal import catalogue
from shoal.composition import rules, uses
from shoal.statistics.comparisons import compare as paired
from shoal.statistics.corrections import holm
from shoal.statistics.verdicts import verdict

HYBRIDS = (
    "matrix:lion|adam",
    "matrix:adam|adam",
    "matrix:momentum|adam",
    "head:sgd|adam",
    "sgd>adam@0.3",
    "adam>sgd@0.5",
    "adam>momentum@0.5",
)
EPOCHS = {"digits": 30}  # its default, 83, leaves too few seeds in the time
SIGNS = {"better": "+", "worse": "−", "under-tuned": "−", "same": "=", "undecided": "?", "baseline": ""}
Found = Mapping[str, Any]  # what a result's JSON holds


def optimizers() -> list[str]:
    """Adam, the baseline, and what is compared with it."""
    alone = [name for name in catalogue.names("optimizer") if name != "adam"]
    linked = []
    for name in catalogue.names("link"):
        behind = catalogue.find("link", name).PLACE == "change"
        linked.append(f"adam+{name}" if behind else f"{name}+adam")
    return ["adam", *alone, *linked, *HYBRIDS]


def untuned() -> dict[str, str]:
    """Every one of them as it comes: what tuning would choose at its default, no L2."""
    found = {}
    for optimizer in optimizers():
        told = [f"optimizer={optimizer}", "l2.coefficient=0"]
        for use in uses(optimizer):
            technique = catalogue.find(use.kind, use.technique)
            for name in technique.CARD.ranges:
                if use.kind == "link" or name in ("lr", "weight_decay"):
                    told.append(f"{use.label}.{name}={getattr(technique.Hyper(), name)}")
        found[optimizer] = " ".join(told)
    return found


def runs(asked: argparse.Namespace) -> Iterator[tuple[str, Found, Found]]:
    """Task, tuned, untuned."""
    for task, what in tasks(asked.data).items():
        if asked.tasks and task not in asked.tasks:
            continue
        options = {"vary": {"optimizer": optimizers()}, "budget": asked.budget}
        options |= {"recipe": f"epochs={EPOCHS[task]}"} if task in EPOCHS else {}
        tuned = result(asked.out, f"{task}-tuned", {**what, **options})
        options = {"arms": untuned(), "recipe": f"epochs={tuned['epochs']}", "replicate": 1}
        plain = result(asked.out, f"{task}-untuned", {**what, **options, "budget": asked.untuned_budget})
        yield task, tuned, plain


def result(out: Path, name: str, options: dict[str, Any]) -> Found:
    """A comparison's result, from its file if it is there."""
    file = out / f"{name}.json"
    if not file.exists():
        made = shoal.compare(**options, out=out / ".runs" / name)
        plain = made.to_dict() | {"folder": None, "winner": None}  # paths of this machine stand in them
        file.write_text(json.dumps(plain, indent=1) + "\n")
        print(file.name, made.networks_trained, f"{made.seconds:.0f} s", flush=True)
    return json.loads(file.read_text())


def by_name(found: Found) -> dict[str, Found]:
    return {arm["name"]: arm for arm in found["arms"]}


def cell(arm: Found | None) -> str:
    """A mean, the verdict's sign, and runs that diverged."""
    if arm is None or arm["mean"] is None:
        return "–"
    mean = f"{arm['mean']:,.0f}" if arm["mean"] > 1000 else f"{arm['mean']:.3f}"
    lost = f" ({arm['diverged']} diverged)" if arm["diverged"] else ""
    return f"{mean} {SIGNS[arm['verdict']]}{lost}".strip()


def report(found: Sequence[tuple[str, Found, Found]]) -> Iterator[str]:
    """Markdown: one row for each optimizer, two columns for each task."""
    heads = [head for task, *_ in found for head in (f"{task}, tuned", "as it comes")]
    yield "| optimizer | " + " | ".join(heads) + " | better | worse |"
    yield "| - |" + " -: |" * (len(heads) + 2)
    results = [by_name(one) for _, *both in found for one in both]
    for name in optimizers():
        arms = [one.get(name) for one in results]
        signs = [SIGNS[arm["verdict"]] for arm in arms[::2] if arm is not None]
        row = [name.replace("|", "\\|"), *map(cell, arms), f"{signs.count('+')}", f"{signs.count('−')}"]
        yield f"| {' | '.join(row)} |"


def beaten(found: Sequence[tuple[str, Found, Found]]) -> Iterator[str]:
    """Markdown: each hybrid against the best of its parts, tuned, on the seeds that both have."""
    yield "| put together | task | best part | difference | verdict |"
    yield "| - | - | - | -: | - |"
    for task, tuned, _ in found:
        arms, rows = by_name(tuned), []
        better = max if tuned["higher_is_better"] else min
        for name in (one for one in HYBRIDS if one in arms and arms[one]["mean"] is not None):
            parts = [part for part in rules(name) if arms.get(part, {}).get("mean") is not None]
            best = better(parts, key=lambda part: arms[part]["mean"])
            shared = min(len(arms[name]["counted"]), len(arms[best]["counted"]))
            numbers = [arms[one]["counted"][:shared] for one in (name, best)]
            rows.append((name, best, shared, paired(*numbers, level=1 - tuned["alpha"])))
        corrected = holm([one.p for *_, one in rows])
        for (name, best, shared, one), p in zip(rows, corrected, strict=True):
            word = verdict(
                one.difference, one.interval, float(p), tuned["margin"], shared, tuned["alpha"],
                higher_is_better=tuned["higher_is_better"],
            )  # fmt: skip
            half = (one.interval.high - one.interval.low) / 2
            escaped = name.replace("|", "\\|")
            yield f"| {escaped} | {task} | {best} | {one.difference:+.4g} ± {half:.2g} | {word} |"


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
    asked.out.mkdir(parents=True, exist_ok=True)
    if not (asked.out / "machine.json").exists():
        (asked.out / "machine.json").write_text(json.dumps(machine.describe(None), indent=1) + "\n")
    found = list(runs(asked))
    lines = ["# Which optimizer helps where", "", *report(found), ""]
    for task, tuned, plain in found:
        lines.append(
            f"- {task}: {tuned['metric']}; {tuned['budget_seconds']:.0f} s, {tuned['trials']} tuning trials, "
            f"{tuned['epochs']:.3g} epochs, {tuned['networks_trained']} networks tuned and "
            f"{plain['networks_trained']} untuned; margin {tuned['margin']:.3g}."
        )
    lines += [
        "",
        "Means over test rows; against Adam: + better, − worse or under-tuned, = same, ? undecided.",
    ]
    lines += ["", "# Does what is put together beat its parts?", "", *beaten(found), ""]
    (asked.out / "verdict.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
