"""How long does the published MNIST-1D width sweep take, and are its test errors the published ones?

19 widths h, MLP 40-h-h-10 with ReLU and torch's default initialization, 4,000 training and 12,000 test
rows, SGD lr 0.01 momentum 0.9, batch 100 reshuffled each epoch, 500 epochs, no schedule, last epoch
judged (Greydanus & Kobak 2020, Scaling down deep learning with MNIST-1D, arXiv:2011.14439). One seed took
its authors 44 min 47 s of CPU time; here 5 seeds are trained.

    python benchmarks/width_sweep.py --seeds 5 --out records/<date>_width-sweep
"""

import argparse
import json
import sys
import time
from pathlib import Path

import machine

from shoal.population import planner
from shoal.population.recipe import Job, Outcome, Progress, Recipe
from shoal.population.workers import PopulationTrainer
from shoal.tasks.built_in.mnist1d import mnist1d_task

PUBLISHED = {  # h: test error in %, one seed
    2: 68.5, 3: 66.8, 4: 58.3, 5: 61.4, 7: 54.2, 9: 49.3, 12: 50.1, 16: 44.6, 21: 42.6, 27: 41.0, 36: 41.7,
    47: 41.0, 61: 41.2, 80: 39.6, 104: 38.6, 135: 38.6, 177: 38.1, 230: 37.1, 300: 37.3,
}  # fmt: skip


def jobs(seeds: int, epochs: float) -> list[Job]:
    """Widest first, so that the workers end together."""
    hyper = {"momentum.lr": 0.01, "momentum.momentum": 0.9}
    return [
        Job(
            f"{width}/{seed}",
            Recipe(
                width=width, depth=2, initializer="torch_default", optimizer="momentum", batch_size=100,
                epochs=epochs, hyper=hyper,
            ),
            seed,
        )
        for width in sorted(PUBLISHED, reverse=True)
        for seed in range(seeds)
    ]  # fmt: skip


def report(outcomes: list[Outcome], seconds: float, building: float) -> list[str]:
    """The table, and how many published errors lie within one point of our seeds' range."""
    lines, near = ["| h | published | ours, lowest to highest | within 1 point |", "| -: | -: | -: | - |"], 0
    for width, published in PUBLISHED.items():
        errors = sorted(100 * (1 - one.test_score) for one in outcomes if one.name.startswith(f"{width}/"))
        inside = bool(errors) and errors[0] - 1 <= published <= errors[-1] + 1
        near += inside
        ours = f"{errors[0]:.1f} – {errors[-1]:.1f}" if errors else "–"
        lines.append(f"| {width} | {published} | {ours} | {'yes' if inside else 'no'} |")
    lines.append("")
    lines.append(f"{near} of {len(PUBLISHED)} widths within one point.")
    lines.append(
        f"{len(outcomes)} networks in {seconds:.1f} s of wall time, {building:.1f} s of it compiling."
    )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--without",
        choices=["padding", "stacking", "scheduling"],
        help="leave one out, to see what it brings",
    )
    parser.add_argument("--epochs", type=float, default=500.0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.without in ("padding", "stacking"):
        planner._PADDED_TO = (0,)
    if asked.without == "stacking":
        planner._MOST = 1
    started = time.perf_counter()
    built: list[float] = []

    def show(progress: Progress) -> None:
        if progress.note:
            print(f"{time.perf_counter() - started:6.1f} s  {progress.note}", file=sys.stderr)
        if not progress.member_steps:
            built.append(time.perf_counter() - started)

    trainer = PopulationTrainer(mnist1d_task(16_000, 0.25, 0.0))
    chosen = jobs(asked.seeds, asked.epochs)
    if asked.without == "scheduling":
        chosen = chosen[::-1]
    outcomes = list(trainer.train("sweep", chosen, on_progress=show))
    seconds = time.perf_counter() - started
    lines = report(outcomes, seconds, max([0.0, *built]))
    print("\n".join(lines))
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        raw = {
            "command": " ".join(["python", *sys.argv]),
            "seconds": seconds,
            "machine": machine.describe(None),
            "outcomes": [one._asdict() for one in outcomes],
        }
        (asked.out / "raw.json").write_text(json.dumps(raw, indent=1))
        (asked.out / "verdict.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
