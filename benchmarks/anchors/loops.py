"""What people run today: plain PyTorch training loops, one process a core with one thread each.

    python benchmarks/anchors/loops.py '{"features": [64], "hidden": [32, 32], "classes": 10, "batch": 32,
                                         "rows": 2000, "cores": 2, "seconds": 4}'

prints one JSON line. Each process trains one network at a time with torch's own layers and
``torch.optim.Adam(fused=True)``, as it would go through a list of configurations; a member-step is one
optimizer step on a fresh random batch of resident rows. Starting a network is not timed.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

WARM_UP = 20
PATIENCE = 300.0  # seconds until a process that waits for the others gives up

_together: Barrier


def main() -> None:
    workload = json.loads(sys.argv[1])
    cores = workload["cores"]
    context = multiprocessing.get_context("spawn")
    share = (context.Barrier(cores),)
    with ProcessPoolExecutor(cores, context, initializer=_share, initargs=share) as pool:
        timed = list(pool.map(train, [workload] * cores, range(cores)))
    rate = sum(steps / took for steps, took, _ in timed)
    print(json.dumps({"member_steps_per_second": rate, "warm_up_seconds": max(one[2] for one in timed)}))


def _share(barrier: Barrier) -> None:
    global _together
    _together = barrier


def train(workload: dict[str, Any], seed: int) -> tuple[int, float, float]:
    """Steps done, seconds they took, and seconds of warming up, of one process among the others."""
    began = time.perf_counter()
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    step = _stepper(workload, lr=1e-3)
    for _ in range(WARM_UP):
        step()
    warm_up = time.perf_counter() - began
    _together.wait(PATIENCE)  # also what gives every process one network: none can take two
    steps, began = 0, time.perf_counter()
    end = began + workload["seconds"]
    while (now := time.perf_counter()) < end:
        step()
        steps += 1
    return steps, now - began, warm_up


def _stepper(workload: dict[str, Any], lr: float) -> Callable[[], None]:
    """One step of the training of a new network."""
    import texts
    import torch
    from torch.nn.functional import cross_entropy

    rows, batch = workload["rows"], workload["batch"]
    if "vocabulary" in workload:
        x = torch.randint(1, workload["vocabulary"], (rows, *workload["features"]))
    else:
        x = torch.randn(rows, *workload["features"])
    y = torch.randint(workload["classes"], (rows,))
    network = texts.network(workload) if "vocabulary" in workload else _network(workload)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)

    def step() -> None:
        drawn = torch.randint(rows, (batch,))
        optimizer.zero_grad()
        cross_entropy(network(x[drawn]), y[drawn]).backward()
        optimizer.step()

    return step


def _network(workload: dict[str, Any]) -> Any:
    """A perceptron, or with [channels, height, width] inputs 3×3 convolutions with 2×2 max pooling."""
    from torch import nn

    features, parts = workload["features"], []
    convolves = len(features) == 3
    before = features[0]
    for width in workload["hidden"]:
        parts.append(nn.Conv2d(before, width, 3, padding=1) if convolves else nn.Linear(before, width))
        parts.append(nn.ReLU())
        if convolves:
            parts.append(nn.MaxPool2d(2))
        before = width
    if convolves:
        shrunk = 2 ** len(workload["hidden"])
        before *= (features[1] // shrunk) * (features[2] // shrunk)
        parts.append(nn.Flatten())
    return nn.Sequential(*parts, nn.Linear(before, workload["classes"]))


if __name__ == "__main__":
    main()
