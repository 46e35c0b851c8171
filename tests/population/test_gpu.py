"""On a GPU a member's training is what it is on the CPU, up to the GPU's rounding."""

import dataclasses

import pytest
import torch

from shoal.population.recipe import Job, Recipe
from shoal.population.workers import PopulationTrainer
from shoal.tasks.arrays import from_arrays

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.mark.parametrize(
    "changes",
    [{}, {"normalization": "batch_norm"}, {"hyper": {"dropout.rate": 0.2}}, {"controller": "early_stopping"}],
)
def test_a_gpu_trains_what_the_cpu_trains(changes):
    torch.manual_seed(0)
    task = from_arrays(torch.randn(120, 7), torch.randint(0, 3, (120,)))
    recipe = dataclasses.replace(Recipe(width=9, epochs=3, batch_size=32, schedule="cosine"), **changes)
    jobs = [Job(f"{seed}", recipe, seed) for seed in range(3)]
    found = {}
    for device in ("cpu", "cuda"):
        trainer = PopulationTrainer(task, device=device, workers=1, compiling=False)
        found[device] = {one.name: one for one in trainer.train("gpu", jobs)}
    for name, one in found["cpu"].items():
        assert found["cuda"][name].steps == one.steps
        assert found["cuda"][name].train_loss == pytest.approx(one.train_loss, rel=1e-3)
