"""How many member-steps per second does shoal reach on all cores, against PyTorch loops and JAX?

    python benchmarks/population.py --out records/DATE_population

64 networks that differ in seed and learning rate, Adam, steady state. A member-step is one optimizer step
of one network. The ways run alternately (ours, loops, jax, ours, ...), each time in a fresh process, and
the ratios of each round are compared, so that a machine that slows down slows all. See README.md beside.
"""

import argparse
import importlib.util
import json
import os
import shlex
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import machine

HERE = Path(__file__).resolve().parent
ROWS = 2000
SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {"features": [64], "hidden": [32, 32], "classes": 10, "batch": 32},
    "mnist1d": {"features": [40], "hidden": [100, 100], "classes": 10, "batch": 100},
    "wide": {"features": [784], "hidden": [128, 128], "classes": 10, "batch": 128},
    "conv": {"features": [1, 28, 28], "hidden": [16, 32], "classes": 10, "batch": 64},
    "gru": {
        "network": "text_gru",
        "vocabulary": 1000,
        "features": [64],
        "hidden": [64],
        "classes": 2,
        "batch": 32,
    },
    "transformer": {
        "network": "text_transformer",
        "vocabulary": 65,
        "features": [64],
        "hidden": [64, 64],
        "classes": 10,
        "batch": 32,
    },
}  # features of a shape with a vocabulary: how many tokens
WAYS = {"ours": HERE / "ours.py", "loops": HERE / "anchors/loops.py", "jax": HERE / "anchors/jax_vmap.py"}
REQUIRED = {
    ("tiny", "loops"): 12.0,
    ("tiny", "jax"): 1.2,
    ("mnist1d", "loops"): 2.8,
    ("mnist1d", "jax"): 1.4,
    ("wide", "loops"): 1.2,
    ("wide", "jax"): 1.1,
    ("conv", "loops"): 1.0,
    ("gru", "loops"): 1.0,
    ("transformer", "loops"): 1.0,
}  # of ours against the anchor


def main() -> None:
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the way under way is ended too
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        if any(asked.out.iterdir()):
            sys.exit(f"the output folder {asked.out} is not empty: name another one with --out")
    plan = _plan(asked)
    _write(asked.out, "plan.json", plan)
    _write(asked.out, "machine.json", machine.describe(asked.jax_python))
    raw: list[dict[str, Any]] = []
    for one in _measurements(plan, asked.jax_python):
        raw.append(one)
        _write(asked.out, "raw.json", raw)
        print(json.dumps(one), file=sys.stderr, flush=True)
    result = {"plan": plan, "raw": raw, "shapes": summarize(raw)}
    page = _page(plan, result["shapes"])
    if asked.out is not None:
        (asked.out / "verdict.md").write_text(page)
    print(json.dumps(result) if asked.json else page)


def _arguments() -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--members", type=int, default=64)
    parser.add_argument("--patience", type=float, default=120.0, help="seconds for warming up, at most")
    parser.add_argument("--jax-python", help="the interpreter that has jax (default: this one, if it has)")
    parser.add_argument("--out", type=Path, help="an empty folder for the record")
    parser.add_argument("--json", action="store_true", help="print the whole result as JSON")
    asked = parser.parse_args()
    for name in ("rounds", "seconds", "members", "patience"):
        if getattr(asked, name) <= 0:
            parser.error(f"--{name} is {getattr(asked, name)}; it must be above 0")
    if asked.jax_python is None and importlib.util.find_spec("jax") is not None:
        asked.jax_python = sys.executable
    if asked.jax_python is not None and machine.jax_version(asked.jax_python) is None:
        parser.error(f"--jax-python {asked.jax_python} cannot import jax")
    return asked


def _plan(asked: argparse.Namespace) -> dict[str, Any]:
    """What will be measured, and what is required of it. Names no path of this machine."""
    ways = [way for way in asked.ways if way != "jax" or asked.jax_python is not None]
    skipped = (
        {"jax": "no interpreter has jax: name one with --jax-python"} if len(ways) < len(asked.ways) else {}
    )
    command = ["PYTHON_WITH_JAX" if part == asked.jax_python else part for part in sys.argv[1:]]
    return {
        "question": "member-steps per second of ours, as a ratio to each anchor in the same round",
        "command": shlex.join(["python", "benchmarks/population.py", *command]),
        "shapes": {name: SHAPES[name] for name in asked.shapes},
        "ways": ways,
        "skipped": skipped,
        "members": asked.members,
        "rows": ROWS,
        "cores": machine.cores(),
        "rounds": asked.rounds,
        "seconds": asked.seconds,
        "patience": asked.patience,
        "required": {f"{shape}/{anchor}": ratio for (shape, anchor), ratio in REQUIRED.items()},
    }


def _measurements(plan: dict[str, Any], jax_python: str | None) -> Iterator[dict[str, Any]]:
    """Packages are built first; then every round runs all ways of a shape, one after another."""
    for shape in plan["shapes"]:
        workload = plan["shapes"][shape] | {key: plan[key] for key in ("rows", "members", "cores", "seconds")}
        silent = {"jax"} if "network" in workload else set()  # which has perceptrons and convolutions only
        if "ours" in plan["ways"]:
            built = _run("ours", workload | {"seconds": 0}, 900.0, None)
            yield {"shape": shape, "way": "ours", "round": 0, **(built or {"no_answer": True})}
        for number in range(1, plan["rounds"] + 1):
            for way in plan["ways"]:
                if way in silent:
                    continue
                load = os.getloadavg()[0]
                found = _run(way, workload, plan["patience"] + plan["seconds"], jax_python)
                if found is None:
                    silent.add(way)
                yield {
                    "shape": shape,
                    "way": way,
                    "round": number,
                    "load": load,
                    **(found or {"no_answer": True}),
                }


def _run(way: str, workload: dict[str, Any], allowed: float, jax_python: str | None) -> dict[str, Any] | None:
    """What the way prints, or None if that takes more than ``allowed`` seconds. Ends all it started."""
    python = jax_python if way == "jax" else sys.executable
    command = [str(python), str(WAYS[way]), json.dumps(workload)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        printed, _ = process.communicate(timeout=allowed)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        sys.exit(f"{way} failed with exit code {process.returncode}; its message stands above")
    return json.loads(printed.splitlines()[-1])


def summarize(raw: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """By shape: each way's median rate, and ours against each anchor: the rounds' ratios and their median."""
    rates: dict[str, dict[str, dict[int, float]]] = {}
    for one in raw:
        ways = rates.setdefault(one["shape"], {})
        if one["round"] > 0:
            ways.setdefault(one["way"], {})
            if "member_steps_per_second" in one:
                ways[one["way"]][one["round"]] = one["member_steps_per_second"]
    return {shape: _shape(shape, ways) for shape, ways in rates.items()}


def _shape(shape: str, ways: dict[str, dict[int, float]]) -> dict[str, Any]:
    medians = {way: statistics.median(own.values()) if own else None for way, own in ways.items()}
    against = {}
    for anchor in (way for way in ways if way != "ours" and "ours" in ways):
        ratios = [
            ways["ours"][n] / ways[anchor][n] for n in sorted(ways["ours"].keys() & ways[anchor].keys())
        ]
        required = REQUIRED.get((shape, anchor))
        median = statistics.median(ratios) if ratios else None
        met = None if required is None or median is None else median >= required
        against[anchor] = {"ratios": ratios, "median": median, "required": required, "met": met}
    return {"member_steps_per_second": medians, "against": against}


def _page(plan: dict[str, Any], shapes: dict[str, Any]) -> str:
    """The verdict as a page of Markdown."""
    ways = plan["ways"]
    anchors = [way for way in ways if way != "ours" and "ours" in ways]
    head = ["shape", *ways, *(f"ours / {anchor} (lowest–highest)" for anchor in anchors)]
    lines = ["| " + " | ".join(head) + " |", "| - |" + " -: |" * (len(head) - 1)]
    for shape, found in shapes.items():
        rates = found["member_steps_per_second"]
        cells = [_rate(rates[way]) if way in rates else "–" for way in ways]
        cells += [_ratio(found["against"].get(anchor)) for anchor in anchors]
        lines.append("| " + " | ".join([shape, *cells]) + " |")
    missing = [f"\n{way} was not measured: {why}." for way, why in plan["skipped"].items()]
    return "\n".join([
        "# Population training: member-steps per second",
        f"\n{plan['members']} members, Adam with per-member lr, {plan['cores']} cores; medians over "
        f"{plan['rounds']} rounds of {plan['seconds']:g} s a way; ratios are taken within a round.\n",
        *lines,
        *missing,
        f"\nCommand: `{plan['command']}`. Measured {time.strftime('%Y-%m-%d')}; the machine stands in "
        "`machine.json`, every measurement in `raw.json`.\n",
    ])  # fmt: skip


def _rate(rate: float | None) -> str:
    return "no answer" if rate is None else f"{rate:,.0f}"


def _ratio(found: dict[str, Any] | None) -> str:
    if found is None or found["median"] is None:
        return "–"
    said = f"{found['median']:.2f} ({min(found['ratios']):.2f}–{max(found['ratios']):.2f})"
    if found["required"] is None:
        return said
    return f"{said}, required {found['required']:g}: {'met' if found['met'] else 'missed'}"


def _write(folder: Path | None, name: str, content: Any) -> None:
    if folder is not None:
        (folder / name).write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
