"""What does `make demo` show, on a machine that has never run shoal and on one that has?

    python benchmarks/demo.py --out records/<date>_demo

Runs the demo's command with an empty cache of compiled programs, then twice more with the cache it left, and
keeps the three JSON results, the machine and the tables.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine

COMMAND = ["compare", "mnist1d", "--budget", "60s"]
RUNS = {
    "cold": "an empty cache",
    "warm": "the cache of one run before",
    "third": "the cache of two runs before",
}


def run(cache: Path, folder: Path) -> dict[str, Any]:
    """The command's JSON result."""
    environment = {
        **os.environ,
        "SHOAL_CACHE": str(cache),
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
    }
    command = [str(Path(sys.executable).with_name("shoal")), *COMMAND, "--out", str(folder), "--json", "-"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(result: dict[str, Any]) -> list[str]:
    """The verdict table in Markdown, and the closing line."""
    lines = ["| axis | best alternative | score | difference ± interval | cost | verdict |"]
    lines.append("| - | - | -: | -: | -: | - |")
    for arm in sorted(result["arms"], key=lambda arm: -(arm["difference"] or 0)):
        difference = "–"
        axis = "" if arm["verdict"] == "baseline" else arm["axis"]
        name = arm["name"].removeprefix(f"{arm['axis']} ")
        if arm["verdict"] != "baseline" and arm["difference"] is not None:
            low, high = arm["difference_interval"]
            wide = max(arm["difference"] - low, high - arm["difference"])
            difference = f"{arm['difference']:+.4f} ± {wide:.4f}"
        cost = f"{1000 * arm['time_seconds']:.0f} ms · {arm['steps']:,.0f} steps"
        score = "–" if arm["mean"] is None else f"{arm['mean']:.4f}"
        lines.append(f"| {axis} | {name} | {score} | {difference} | {cost} | {arm['verdict']} |")
    for other in result["outsiders"]:
        found = [*other["scores"].values()]
        score = f"{sum(found) / len(found):.4f}" if found else "–"
        lines.append(f"| | {other['name']} | {score} | – | {other['seconds']:.1f} s | outsider |")
    lines.append("")
    lines.append(
        f"{result['networks_trained']} networks trained in {result['seconds']:.0f} s; a plain PyTorch loop, "
        f"timed just then on three of them, would need {result['loop_seconds_estimate'] / 60:.1f} minutes "
        f"({sum(one['trials'] > 0 for one in result['candidates'])} alternatives tried; "
        f"{result['epochs']:g} epochs each)."
    )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    described = machine.describe(None)
    lines = ["# `make demo`", "", "Command: `shoal " + " ".join(COMMAND) + "`", ""]
    with tempfile.TemporaryDirectory() as temporary:
        cache = Path(temporary) / "cache"
        cache.mkdir(mode=0o700)
        for name, words in RUNS.items():
            result = run(cache, Path(temporary) / name)
            plain = result | {"folder": None, "winner": None}  # paths of this machine stand in them
            (asked.out / f"{name}.json").write_text(json.dumps(plain, indent=1) + "\n")
            lines += [f"## {name}: {words}", "", *table(result), ""]
    (asked.out / "machine.json").write_text(json.dumps(described, indent=1) + "\n")
    (asked.out / "verdict.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
