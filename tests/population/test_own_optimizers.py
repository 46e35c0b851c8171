"""Members moved by a user's torch.optim.Optimizer class: equal to the rule it is, alone as in company."""

from dataclasses import replace

import pytest
import torch

from population.members import assert_same, begin, company, go_on, numbers, table
from population.test_train import perceptron, plain_loop
from population.test_workers import Files
from population.test_workers import numbers as outcomes_of
from shoal.errors import UserError
from shoal.population import own_optimizers, shards
from shoal.population.recipe import Job, Recipe
from shoal.population.workers import PopulationTrainer

TASK = table()
MINE = """
import torch


class MyAdam(torch.optim.Adam):
    pass


class MyMomentum(torch.optim.SGD):
    def __init__(self, params, lr=0.1, momentum=0.9):
        super().__init__(params, lr, momentum)


class Tired(torch.optim.SGD):
    def step(self, closure=None):
        self.done = getattr(self, "done", 0) + 1
        if self.done > 3:
            raise RuntimeError("enough")
        super().step()
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("own") / "mine.py"
    file.write_text(MINE)
    return str(file)


@pytest.fixture(scope="module")
def recipe(mine) -> Recipe:
    hyper = {"MyAdam.lr": 0.02, "MyAdam.eps": 1e-5, "adam.lr": 0.02, "adam.eps": 1e-5}
    return Recipe(
        width=8, batch_size=16, epochs=10, optimizer=f"{mine}:MyAdam", schedule="cosine", hyper=hyper
    )


def weights(recipe: Recipe, steps: int, others: int = 0) -> torch.Tensor:
    job = Job("subject", recipe, 3)
    jobs = company(job, others, epochs=17) if others else [job]
    return numbers(go_on(begin(TASK, jobs), steps).stack, "subject")["flat"]


def test_a_class_equals_the_rule_that_it_is(recipe):
    """Also the schedule, and the numbers of the recipe."""
    torch.testing.assert_close(
        weights(recipe, 35), weights(replace(recipe, optimizer="adam"), 35), rtol=1e-10, atol=1e-10
    )


def test_a_class_equals_a_plain_torch_loop(recipe):
    job = Job("one", replace(recipe, schedule="constant", epochs=50), 3)
    stack = go_on(begin(TASK, [job]), 30).stack
    plain, _ = plain_loop(
        TASK, job, perceptron(False, 3), lambda p: torch.optim.Adam(p, lr=0.02, eps=1e-5), 30
    )
    for own, value in zip(stack.template.views(stack.flat), plain, strict=True):
        torch.testing.assert_close(own[0], value.data, rtol=1e-10, atol=1e-10)


def test_a_member_alone_is_that_in_company(recipe, mine):
    mixed = company(Job("subject", recipe, 3), 6, epochs=8)
    mixed[0] = mixed[0]._replace(recipe=replace(recipe, hyper={"MyAdam.lr": 0.1}, epochs=2))
    mixed[1] = mixed[1]._replace(recipe=replace(recipe, optimizer=f"{mine}:MyMomentum"))
    together = begin(TASK, mixed)
    for steps in (1, 20, 14):  # the first neighbor ends in between
        go_on(together, steps)
    assert_same(
        numbers(together.stack, "subject"),
        numbers(go_on(begin(TASK, [Job("subject", recipe, 3)]), 35).stack, "subject"),
    )


def test_rules_and_classes_take_over_from_each_other(recipe, mine):
    own = f"sgd>{mine}:MyMomentum@0.2>{mine}:MyMomentum@0.5>adam@0.8"
    hyper = {**recipe.hyper, "MyMomentum.lr": 0.1, "momentum.lr": 0.1, "momentum.momentum": 0.9}
    found = weights(replace(recipe, optimizer=own, hyper=hyper), 38, others=3)
    built_in = replace(recipe, optimizer="sgd>momentum@0.2>momentum@0.5>adam@0.8", hyper=hyper)
    torch.testing.assert_close(found, weights(built_in, 38), rtol=1e-10, atol=1e-10)


def test_what_fails_in_a_step_is_one_sentence(recipe, mine):
    training = begin(TASK, [Job("one", replace(recipe, optimizer=f"{mine}:Tired"), 3)])
    go_on(training, 3)
    with pytest.raises(UserError, match=r"mine.py:Tired raised RuntimeError in its step: enough"):
        go_on(training, 1)


def test_workers_train_them_and_write_no_checkpoints(recipe, tmp_path, monkeypatch):
    jobs = [Job(str(seed), replace(recipe, width=5 + seed), seed, points=2) for seed in range(3)]
    said, saved = [], []
    monkeypatch.setattr(shards, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(Files, "save", lambda *more: saved.append(more))
    trainer = PopulationTrainer(TASK, workers=1, compiling=False)
    found = outcomes_of(trainer.train("own", jobs, memory=Files(tmp_path)))
    assert found.keys() == {"0", "1", "2"} and not saved
    plain = [job._replace(recipe=replace(job.recipe, width=40, optimizer="adam")) for job in jobs]
    list(trainer.train("plain", plain, memory=Files(tmp_path)))
    assert saved, "others write them"
    two = PopulationTrainer(TASK, workers=2, compiling=False)
    list(two.train("own", jobs, on_progress=said.append))
    assert {one.note for one in said} == {"MyAdam (member by member)"}
    assert own_optimizers.note(plain) == ""
