"""shoal's own way of the population benchmark: the engine's planner, programs, batches and workers.

    python benchmarks/ours.py '{"features": [64], "hidden": [32, 32], "classes": 10, "batch": 32,
                                "rows": 2000, "members": 64, "cores": 2, "seconds": 4}'

prints one JSON line; ``population.py`` calls it. Packages that are missing from the cache are built first,
which is reported apart; with ``seconds`` 0 nothing else is done. Without a C++ compiler (or with
SHOAL_COMPILE=0) traced graphs are timed, and the line says so.
"""

import json
import sys
from dataclasses import replace
from typing import Any

import torch

from shoal.networks import register
from shoal.population import cache, measure
from shoal.population.programs import Programs
from shoal.population.recipe import Job, Recipe
from shoal.tasks.arrays import from_arrays
from shoal.tasks.task import Task

VALID_SHARE = 0.2
LR = (1e-4, 1e-2)


def main() -> None:
    workload = json.loads(sys.argv[1])
    task, jobs = _task(workload), _jobs(workload)
    programs = Programs()
    compiled = cache.compiler() is not None
    programs.mode = "all" if compiled else "none"
    said: dict[str, Any] = {"compiled": compiled}
    said["build_seconds"] = measure.build(task, jobs, programs, workload["cores"]) if compiled else 0.0
    if workload["seconds"]:
        said |= measure.rate(task, jobs, programs, workload["seconds"], workload["cores"])._asdict()
    print(json.dumps(said))


def _task(workload: dict[str, Any]) -> Task:
    """Random rows, of tokens where there is a vocabulary; of the seed's split ``rows`` are trained on."""
    source = torch.Generator().manual_seed(0)
    train, vocabulary = workload["rows"], workload.get("vocabulary", 0)
    rows = round(train / (1 - VALID_SHARE))

    def draw(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        shape = (count, *workload["features"])
        x = torch.randn(shape, generator=source)
        if vocabulary:
            x = torch.randint(1, vocabulary, shape, generator=source).float()
        return x, torch.randint(0, workload["classes"], (count,), generator=source)

    task = from_arrays(*draw(rows), test=draw(100), classes=workload["classes"], valid_share=VALID_SHARE)
    assert task.train_rows == train, f"{task.train_rows} rows are trained on, not {train}"
    return replace(task, vocabulary=vocabulary)


def _jobs(workload: dict[str, Any]) -> list[Job]:
    """Members that differ in seed and learning rate, and never end."""
    hidden = workload["hidden"]
    network = workload.get("network", "convnet" if len(workload["features"]) == 3 else "mlp")
    shape = {"network": network, "width": hidden[0], "depth": len(hidden), "batch_size": workload["batch"]}
    start = {**register.describe(network).start, "initializer": "torch_default", "epochs": 1e9}
    recipe = Recipe(**{**start, **shape})
    low, high = LR
    rates = torch.logspace(
        torch.tensor(low).log10(), torch.tensor(high).log10(), workload["members"]
    ).tolist()
    return [Job(f"member-{seed}", recipe.with_hyper(adam__lr=lr), seed) for seed, lr in enumerate(rates)]


if __name__ == "__main__":
    main()
