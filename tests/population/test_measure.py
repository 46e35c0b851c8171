"""The measured rate counts the very steps that were done, of all members, and says when it cannot measure."""

import pytest
import torch

from shoal.population import measure
from shoal.population.programs import Programs
from shoal.population.recipe import Job, Recipe
from shoal.population.train import start
from shoal.tasks.arrays import from_arrays

SOURCE = torch.Generator().manual_seed(0)
TASK = from_arrays(torch.randn(60, 4, generator=SOURCE), torch.arange(60) % 3)


def _jobs(members: int, epochs: float = 1e9) -> list[Job]:
    recipe = Recipe(width=4, depth=1, batch_size=8, epochs=epochs)
    return [
        Job(f"member-{seed}", recipe.with_hyper(adam__lr=1e-3 * (seed + 1)), seed) for seed in range(members)
    ]


def _adam_steps(training) -> int:
    """Steps by the optimizer's own counters, which every step of every member raises."""
    (group,) = training.stack.groups
    (counter,) = [leaf for leaf in group.state if leaf.ndim == 1]
    return int(counter.sum())


@pytest.mark.parametrize("seconds", [0.0, 0.05, 1.0])
def test_counted_steps_are_those_the_optimizer_made(seconds):
    programs = Programs()
    trainings = [start(TASK, _jobs(members), programs) for members in (1, 3)]
    counted, took = measure.in_turn(trainings, seconds)
    assert counted == sum(_adam_steps(training) for training in trainings)
    assert took >= seconds
    if seconds == 1.0:
        assert all(_adam_steps(training) > 0 for training in trainings), "shards take turns"


def test_all_members_train_in_the_planners_shards():
    found = measure.rate(TASK, _jobs(5), Programs(), seconds=0.1, workers=2)
    assert sum(found.shards) == 5
    assert len(found.shards) >= 2
    assert found.member_steps_per_second > 0


def test_a_member_that_ends_while_it_is_measured_is_an_error():
    with pytest.raises(
        ValueError, match=r"member-\d+ ended after 5 steps, before the measurement: train it longer"
    ):
        measure.rate(TASK, _jobs(2, epochs=1), Programs(), seconds=5.0, workers=1)


def test_a_worker_that_fails_is_reported_with_its_reason():
    class Broken(Programs):
        def __call__(self, stack, batch):
            raise OSError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        measure.rate(TASK, _jobs(1), Broken(), seconds=0.1, workers=1)
