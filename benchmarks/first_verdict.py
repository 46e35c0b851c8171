"""How long does it take, on large data, until the first arm has a verdict?

    python benchmarks/first_verdict.py DATA --out records/<date>_first-verdict

Two questions whose answer is a difference of two points or more, each asked as a user would ask it, with a
budget and nothing else told. The clock starts with the process that loads the data. A run is ended as soon as
an arm is called anything but undecided; what was known by then is kept.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
from sanity import SETS, cifar

STARTED = time.monotonic()
QUESTIONS = {
    "cifar10": "optimizer=adam,sgd",
    "imdb": "train_size=1000,7000",
}


def asked(data: Path, name: str, budget: str) -> dict[str, Any]:
    """One question, in this process."""
    import shoal

    one, seen = SETS[name], []

    def watch(standing: Any) -> None:
        words = [arm.verdict for arm in standing.arms if arm.verdict not in ("", "baseline", "undecided")]
        if words and not seen:
            seen.append(time.monotonic() - STARTED)
            raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as scratch:
        options = {key: str(data / value) if key == "test" else value for key, value in one.options.items()}
        task = cifar(data / "cifar10", Path(scratch)) if name == "cifar10" else str(data / one.file)
        result = shoal.compare(
            task, QUESTIONS[name], budget=budget, started=STARTED, on_progress=watch,
            out=Path(scratch) / "out", **options,
        )  # fmt: skip
    return {
        "name": name, "question": QUESTIONS[name], "budget": budget, "seconds": seen[0] if seen else None,
        "networks": result.networks_trained, "epochs": result.epochs, "trials": result.trials,
        "baseline": result.baseline, "notes": list(result.notes),
        "arms": [
            {
                "name": arm.name, "mean": arm.mean, "difference": arm.difference, "seeds": len(arm.seeds),
                "interval": list(arm.difference_interval), "verdict": arm.verdict, "steps": arm.steps,
            }
            for arm in result.arms
        ],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--budget", default="6m")
    parser.add_argument("--only", choices=list(QUESTIONS))
    given = parser.parse_args()
    if given.out is None:
        print(json.dumps(asked(given.data, given.only, given.budget)))
        return
    given.out.mkdir(parents=True, exist_ok=True)
    found = []
    for name in [given.only] if given.only else QUESTIONS:
        command = [sys.executable, __file__, str(given.data), "--only", name, "--budget", given.budget]
        found.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        print(_row(found[-1]), flush=True)
    raw = {"machine": machine.describe(None), "found": found}
    (given.out / "raw.json").write_text(json.dumps(raw, indent=1) + "\n")
    (given.out / "verdict.md").write_text("\n".join([*HEAD, *map(_row, found), ""]))


HEAD = [
    "# Time to the first verdict on large data",
    "",
    "Command: `python benchmarks/first_verdict.py DATA --out records/DATE_first-verdict`. Seconds from the",
    "start of the process, loading and compiling included, until an arm is called something else than",
    "undecided.",
    "",
    "| data | question | budget | seconds | networks | epochs | arms |",
    "| - | - | - | -: | -: | -: | - |",
]


def _row(one: dict[str, Any]) -> str:
    arms = "; ".join(
        f"{arm['name']} {arm['mean']:.3f} ({arm['difference']:+.3f}, {arm['seeds']} seeds, {arm['verdict']})"
        for arm in one["arms"]
    )
    seconds = "none in the budget" if one["seconds"] is None else f"{one['seconds']:.0f}"
    return (
        f"| {one['name']} | {one['question']} | {one['budget']} | {seconds} | {one['networks']} | "
        f"{one['epochs']:.3g} | {arms} |"
    )


if __name__ == "__main__":
    main()
