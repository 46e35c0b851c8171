"""Is shoal::matmul faster than torch's own batched product where a population needs it?

    python benchmarks/matmul.py --rounds 7 --out records/<date>_matmul

One thread, 8 members, float32; for each product of a training step (x·Wᵀ forward, gᵀ·x for the weights,
g·W for the input) the two sides alternate, and the median over rounds of the ratio in a round is printed.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import machine
import torch

from shoal.population import cache, operators

MEMBERS = 8
SHAPES = {"tiny": (32, 64, 32), "mnist1d": (100, 100, 100), "wide": (128, 784, 128), "head": (100, 100, 10)}


def sides(rows: int, inputs: int, outputs: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Left and right factors of the three products, with the strides they have in training."""
    x, w = torch.randn(MEMBERS, rows, inputs), torch.randn(MEMBERS, outputs, inputs)
    g = torch.randn(MEMBERS, rows, outputs)
    return {"x·Wᵀ": (x, w.transpose(1, 2)), "gᵀ·x": (g.transpose(1, 2), x), "g·W": (g, w)}


def seconds(call: Callable[[], object], allowed: float) -> float:
    """Seconds a call, after a warm-up."""
    for _ in range(3):
        call()
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < allowed:
        for _ in range(10):
            call()
        count += 10
    return (time.perf_counter() - started) / count


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slice", type=float, default=0.1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if cache.compiler() is None:
        sys.exit("shoal::matmul needs a C++ compiler")
    operators.build()
    operators.load()
    raw, lines = (
        [],
        ["| shape | product | ours GFLOP/s | torch GFLOP/s | ratio |", "| - | - | -: | -: | -: |"],
    )
    for name, (rows, inputs, outputs) in SHAPES.items():
        for product, (left, right) in sides(rows, inputs, outputs).items():
            flops = 2e-9 * MEMBERS * rows * inputs * outputs
            pairs = []
            for _ in range(asked.rounds):
                ours = seconds(lambda a=left, b=right: torch.ops.shoal.matmul(a, b), asked.slice)
                torchs = seconds(lambda a=left, b=right: torch.bmm(a, b), asked.slice)
                pairs.append((flops / ours, flops / torchs))
            raw.append({"shape": name, "product": product, "gflops_ours_torch": pairs})
            middle = [statistics.median(one) for one in zip(*pairs, strict=True)]
            ratio = statistics.median(a / b for a, b in pairs)
            shape = f"{name} {rows}×{inputs}×{outputs}"
            lines.append(f"| {shape} | {product} | {middle[0]:.0f} | {middle[1]:.0f} | {ratio:.2f} |")
    print("\n".join(lines))
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        record = {
            "command": " ".join(["python", *sys.argv]),
            "machine": machine.describe(None),
            "results": raw,
        }
        (asked.out / "raw.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        (asked.out / "verdict.md").write_text(
            "# shoal::matmul against torch.bmm, one thread\n\n" + "\n".join(lines) + "\n"
        )


if __name__ == "__main__":
    main()
