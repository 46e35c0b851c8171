"""Rows that are read when a step needs them give the very numbers that kept ones give."""

from dataclasses import replace

import pytest
import torch
from torch.utils.data import Dataset

from population.members import Own, Recurrent, begin, numbers
from shoal.population.batches import Data
from shoal.population.recipe import Job, Recipe
from shoal.tasks.loaders import Task
from shoal.tasks.streamed import Streamed

X = torch.randn(70, 6, generator=torch.Generator().manual_seed(0))
RECIPE = Recipe(width=5, depth=1, batch_size=13, epochs=2.5, optimizer="adam", initializer="he_normal")
OWN = replace(RECIPE, network="own", initializer="own")


class Rows(Dataset):
    """Counts how often a row is read; a row's noise is drawn anew each time."""

    def __init__(self, classes=True, shape=(6,)):
        self.classes, self.shape, self.reads = classes, shape, 0

    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        self.reads += 1
        noisy = X[row] + 0.01 * torch.rand(6)
        return noisy[: self.shape[-1]].expand(self.shape).clone(), row % 3 if self.classes else float(
            X[row].sum()
        )


def trained(task, recipe, seeds=(3, 4)):
    jobs = [Job(f"{seed}", recipe, seed) for seed in seeds]
    training = begin(task, jobs)
    ended = []
    training.on_end = ended.append
    outcomes = [one._replace(seconds=0.0) for one in training.run()]
    return training, outcomes, [numbers(stack, job.name) for stack in ended for job in stack.jobs]


@pytest.mark.parametrize(
    ("network", "recipe", "classes", "shape"),
    [
        (None, RECIPE, True, (6,)),
        (None, RECIPE, False, (6,)),
        (None, replace(RECIPE, batch_size="all", epochs=3.0), True, (6,)),
        (None, replace(RECIPE, label_noise=0.3, train_size=20), True, (6,)),
        (Own, OWN, True, (6,)),
        (Recurrent, replace(OWN, epochs=0.5), True, (3, 4)),
    ],
)
def test_streamed_rows_train_and_score_as_kept_ones_bit_by_bit(network, recipe, classes, shape):
    kept = Task(network, Rows(classes, shape))
    streamed = Task(network, Rows(classes, shape), cache_bytes=20)
    assert isinstance(streamed.prepare(3).x, Streamed) and isinstance(kept.prepare(3).x, torch.Tensor)
    assert streamed.fingerprint == kept.fingerprint
    assert "are not kept in memory (cache_bytes is 20 bytes)" in streamed.notes[0]
    _, outcomes, weights = trained(streamed, recipe)
    _, expected, others = trained(kept, recipe)
    assert str(outcomes) == str(expected)
    assert weights
    for one, other in zip(weights, others, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in other)


def test_batches_of_one_row_train_too():
    recipe = replace(RECIPE, batch_size=1, epochs=0.1)
    _, outcomes, _ = trained(Task(None, Rows(), cache_bytes=20), recipe, seeds=(3,))
    _, expected, _ = trained(Task(None, Rows()), recipe, seeds=(3,))
    assert str(outcomes) == str(expected)


def test_a_step_reads_each_of_its_rows_once():
    rows = Rows()
    task = Task(None, rows, cache_bytes=20)
    data = Data(task, [3, 4], torch.float64, "cpu")
    rows.reads = 0
    wanted = torch.tensor([[5, 7, 5], [7, 60, 60]])
    x, y, place = data.read(wanted)
    assert rows.reads == 3 and x.shape == (3, 6) and x.dtype == torch.float64
    assert torch.equal(x[place], Task(None, Rows()).prepare(0).x[wanted].double())
    assert torch.equal(y[place], wanted % 3)
    x, _, place = data.read(torch.tensor([[5, 5]]))
    assert len(x) == 2 and place.tolist() == [[0, 0]], "compiled programs take a size of one for a constant"


def test_parts_of_several_sources_are_read_from_their_own():
    parts = {"train": Rows(), "valid": (X[:9] + 1, torch.arange(9) % 3), "test": Rows()}
    streamed, kept = Task(None, **parts, cache_bytes=20).prepare(0), Task(None, **parts).prepare(0)
    rows = torch.tensor([[148, 3], [75, 148], [70, 79]])
    assert torch.equal(streamed.x[rows], kept.x[rows]) and streamed.x.shape == kept.x.shape
