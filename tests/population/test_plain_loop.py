"""The plain loop is timed for what it would train, and leaves the process as it found it."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from population.members import Own, table
from shoal.networks.gru import GRU
from shoal.population import plain_loop
from shoal.population.plain_loop import seconds
from shoal.population.recipe import Job, Recipe
from shoal.population.template import build

RECIPE = Recipe(width=8, depth=1, batch_size=16, normalization="batch_norm").with_hyper(dropout__rate=0.4)
MINE = """
import torch


class Slow(torch.optim.SGD):
    def step(self, closure=None):
        import time
        time.sleep(0.02)
        super().step()
"""


def test_every_job_is_timed_for_all_its_steps():
    jobs = [Job("one", replace(RECIPE, epochs=2), 1), Job("ten", replace(RECIPE, epochs=200), 1)]
    one, ten = seconds(table(), jobs, allowed=0.4)
    assert 0 < one < ten / 10


def test_the_faster_number_of_threads_counts(monkeypatch):
    took = {1: 3.0, 2: 2.0}
    monkeypatch.setattr(plain_loop.os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(plain_loop, "_timed", lambda step, allowed, threads: took[threads])
    job = Job("one", replace(RECIPE, epochs=1), 1)
    assert seconds(table(), [job]) == [2.0 * 4]
    took[1] = 1.0
    assert seconds(table(), [job]) == [1.0 * 4]


@pytest.mark.parametrize("optimizer", ["mine", "sgd>mine@0.2"])
def test_the_rule_of_most_steps_is_timed(optimizer, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    named = optimizer.replace("mine", f"{tmp_path / 'mine.py'}:Slow")
    recipe = replace(RECIPE, epochs=5)
    (slow,) = seconds(table(), [Job("slow", replace(recipe, optimizer=named), 1)], allowed=0.1)
    (fast,) = seconds(table(), [Job("fast", replace(recipe, optimizer=f"{named}>sgd@0.3"), 1)], allowed=0.1)
    assert fast < 20 * 0.02 < slow


def test_threads_and_random_numbers_are_left_as_they_were():
    before = torch.get_num_threads(), torch.get_rng_state()
    own = Recipe("own", initializer="own", batch_size=16, epochs=1)
    seconds(table(network=Own), [Job("own", own, 1)], allowed=0.05)
    assert torch.get_num_threads() == before[0] and torch.equal(torch.get_rng_state(), before[1])


THREADED = """
import torch
from torch import nn
from shoal.experiments.compare import compare
from shoal.tasks.arrays import from_arrays

torch.set_num_threads(2)
x = torch.randn(400, 400)
for _ in range(3):
    (x @ x).relu().sum()  # a pool of threads is at work in this process
task = from_arrays(torch.randn(200, 6), torch.arange(200) % 2)
for _ in range(2):
    result = compare(task, "optimizer=adam,sgd", work=4000, seeds=2)
    assert result.networks_trained > 0 and result.loop_seconds_estimate > 0
    (x @ x).relu().sum()
print("compared twice")
"""


def test_a_process_that_used_threads_before_can_compare_twice():
    made = subprocess.run([sys.executable, "-c", THREADED], capture_output=True, text=True, timeout=100)
    assert made.returncode == 0 and "compared twice" in made.stdout, made.stderr


def test_recurrent_layers_are_torchs_own():
    made = build(Recipe("text_gru", width=4, depth=2), (5,), 3, vocabulary=9)
    plain = plain_loop._native(made)
    kinds = [type(one) for one in plain.modules()]
    assert kinds.count(nn.GRU) == 2 and GRU not in kinds
    assert plain(torch.tensor([[1.0, 2, 3, 0, 0]])).shape == (1, 3)
