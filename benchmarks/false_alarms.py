"""How often does a comparison of techniques that do not differ say that one is better or worse?

    python benchmarks/false_alarms.py --out records/<date>_false-alarms

Networks are formulas (tests/experiments/simulated.py): the score falls with the squared distance, in decades,
of the learning rate from the best one, by ``curvature``, and every run has luck of its own. All of them are
equal, so every better or worse comes of the luck of evaluation seeds or of tuning; both count.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from experiments.simulated import SimulatedTrainer, run

CURVATURES = (0.005, 0.02, 0.1, 0.4)
SPREAD = 0.02
WAYS = {
    "a screening of every axis": (None, 12_000_000),
    "four optimizers": ("optimizer=adam,rmsprop,nadam,adamax", 4_000_000),
}


def alarms(vary: str | None, work: int, curvature: float, repetitions: int) -> dict[str, int]:
    """Comparisons with a false verdict, and how often each word was said."""
    words: Counter[str] = Counter()
    false = 0
    for salt in range(repetitions):
        result = run(SimulatedTrainer(spread=SPREAD, curvature=curvature, salt=salt), vary, work=work)
        said = [arm.verdict for arm in result.arms if arm.verdict != "baseline"]
        words.update(said)
        false += any(word not in ("same", "undecided") for word in said)
    return {"comparisons": repetitions, "with_a_false_verdict": false, **words}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repetitions", type=int, default=24)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    found = {
        way: {f"{curvature}": alarms(*what, curvature, asked.repetitions) for curvature in CURVATURES}
        for way, what in WAYS.items()
    }
    raw = {"machine": machine.describe(None), "spread": SPREAD, "found": found}
    (asked.out / "raw.json").write_text(json.dumps(raw, indent=1) + "\n")
    lines = [
        "# How often equal techniques are told apart",
        "",
        "Command: `python benchmarks/false_alarms.py --out records/DATE_false-alarms`; α is 0.05.",
        "",
        "| way | curvature | comparisons | with a false verdict |",
        "| - | -: | -: | -: |",
    ]
    for way, each in found.items():
        for curvature, one in each.items():
            lines.append(f"| {way} | {curvature} | {one['comparisons']} | {one['with_a_false_verdict']} |")
    (asked.out / "verdict.md").write_text("\n".join([*lines, ""]))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
