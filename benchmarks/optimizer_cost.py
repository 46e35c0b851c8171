"""How long is a training step with each optimizer and each link of a chain?

    python benchmarks/optimizer_cost.py --out records/<date>_optimizer-cost

The default network on digits, as many members as a comparison trains at once, compiled packages, one thread.
A step is a whole one: batch, forward, backward, rule. An optimizer is measured against sgd, a link chained
with adam against adam alone; the two alternate, each from its start, and the median over rounds of the ratio
in a round counts. Run for all of them, it also writes src/shoal/techniques/costs.json, which shoal reads.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import machine
import torch

from shoal import catalogue
from shoal.population import cache, measure, planner
from shoal.population.programs import Programs
from shoal.population.recipe import Job, Recipe
from shoal.population.train import start
from shoal.tasks.load import load
from shoal.tasks.task import Task

TASK = "digits"
SEEDS = 8
WARM_UP = 4


def expression(kind: str, name: str) -> str:
    """``Recipe.optimizer`` for a technique: the rule itself, or a link on its side of a rule."""
    if kind == "optimizer":
        return name
    rule = catalogue.STEPPED[kind]
    return f"{rule}+{name}" if catalogue.find(kind, name).PLACE == "change" else f"{name}+{rule}"


def members(task: Task, optimizer: str) -> list[Job]:
    """One stack of a comparison: the default recipe with an optimizer, without an end."""
    recipe = Recipe(optimizer=optimizer, epochs=1e9)
    count = planner.members_at_once(task, recipe, compiled=True)
    return [Job(f"{optimizer} {number}", recipe, number % SEEDS) for number in range(count)]


def seconds_a_step(task: Task, jobs: Sequence[Job], programs: Programs, seconds: float) -> float:
    """Of one member, in a training that begins anew."""
    training = start(task, list(jobs), programs)
    for outcome in training.run(steps=WARM_UP):
        raise RuntimeError(f"{outcome.name} ended while it was to warm up")
    steps, took = measure.in_turn([training], seconds)
    return took / steps


def ratios(
    task: Task, optimizer: str, anchor: str, programs: Programs, rounds: int, seconds: float
) -> list[float]:
    """The time of a step against that of the anchor, in each round; who is first changes."""
    sides = [members(task, one) for one in (anchor, optimizer)]
    found = []
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        took = {side: seconds_a_step(task, sides[side], programs, seconds) for side in order}
        found.append(took[1] / took[0])
    return found


def page(raw: Sequence[dict[str, Any]], command: str) -> str:
    """The verdict: a table for each kind."""
    lines = [
        "# How long a training step takes",
        "",
        f"Command: `{command}`; the machine stands in `raw.json`.",
    ]
    for kind, anchor in catalogue.STEPPED.items():
        described = {one["name"]: one for one in catalogue.describe(kind)}
        lines += [
            "",
            f"| {kind} | evaluations | numbers a parameter | time, {anchor}'s being 1 (lowest–highest) |",
        ]
        lines += ["| - | -: | -: | -: |"]
        for one in raw:
            if one["kind"] == kind:
                card, each = described[one["name"]], one["ratios"]
                told = f"{statistics.median(each):.2f} ({min(each):.2f}–{max(each):.2f})"
                lines.append(f"| {one['name']} | {card['evaluations']:g} | {card['state']} | {told} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slice", type=float, default=0.3, help="seconds of a side in a round")
    parser.add_argument("--only", nargs="+", help="techniques, by name; costs.json is left alone then")
    parser.add_argument("--out", type=Path, help="a folder for the record")
    asked = parser.parse_args()
    if cache.compiler() is None:
        sys.exit("steps are measured in compiled packages, and there is no C++ compiler")
    wanted = [(kind, name) for kind in catalogue.STEPPED for name in catalogue.names(kind)]
    wanted = [one for one in wanted if asked.only is None or one[1] in asked.only]
    torch.set_num_threads(1)
    task, programs = load(TASK), Programs()
    programs.mode = "all"
    optimizers = [*catalogue.STEPPED.values(), *(expression(*one) for one in wanted)]
    jobs = [job for one in dict.fromkeys(optimizers) for job in members(task, one)]
    built = measure.build(task, jobs, programs, machine.cores())
    print(f"built packages in {built:.0f} s", file=sys.stderr)
    raw: list[dict[str, Any]] = []
    for kind, name in wanted:
        timed = ratios(
            task, expression(kind, name), catalogue.STEPPED[kind], programs, asked.rounds, asked.slice
        )
        raw.append({"kind": kind, "name": name, "ratios": timed})
        print(f"{kind} {name} {statistics.median(timed):.2f}", file=sys.stderr, flush=True)
    command = " ".join(["python", *sys.argv])
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        record = {"command": command, "machine": machine.describe(None), "results": raw}
        (asked.out / "raw.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        (asked.out / "verdict.md").write_text(page(raw, command))
        if asked.only is None:
            catalogue.TIMES.write_text(json.dumps(medians(raw), indent=1) + "\n")
    print(page(raw, command))


def medians(raw: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """What shoal reads: kind → name → relative time, to two decimals."""
    found: dict[str, dict[str, float]] = {kind: {} for kind in catalogue.STEPPED}
    for one in raw:
        found[one["kind"]][one["name"]] = round(statistics.median(one["ratios"]), 2)
    return found


if __name__ == "__main__":
    main()
