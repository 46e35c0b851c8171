"""Rules that take over from each other: against plain torch, in company, and through a checkpoint."""

import json
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from population.members import PROGRAMS, assert_same, begin, company, go_on, numbers, table
from population.test_train import perceptron
from shoal import catalogue
from shoal.composition import spans
from shoal.population.batches import training_steps
from shoal.population.programs import Programs
from shoal.population.randomness import order
from shoal.population.recipe import Job, Recipe
from shoal.population.shards import _meta, _resume
from shoal.population.stack import merge, shared_template
from shoal.population.train import Training

TASK = table()
RECIPE = Recipe(width=8, batch_size=16, epochs=10, optimizer="sgd>adam@0.3", schedule="cosine")
JOB = Job("subject", replace(RECIPE, hyper={"sgd.lr": 0.3, "adam.lr": 0.02, "adam.beta1": 0.8}), 3)
TWICE = JOB._replace(recipe=replace(JOB.recipe, optimizer="momentum>momentum@0.3>sgd@0.6"))


def torch_weights(steps: int) -> list[torch.Tensor]:
    """SGD for 30 % of the steps, then a new Adam, under one cosine over all of them."""
    network = perceptron(False, 3).double()
    first = begin(TASK, [JOB]).stack
    for value, drawn in zip(network.parameters(), first.template.views(first.flat), strict=True):
        value.data.copy_(drawn[0])
    total, prepared, done = 40, TASK.prepare(3), 0
    optimizer: torch.optim.Optimizer = torch.optim.SGD(network.parameters(), 0.3)
    for epoch in range(10):
        for rows in prepared.train[order(3, epoch, 51)].split(16):
            if done == steps:
                return list(network.parameters())
            if done == 12:
                optimizer = torch.optim.Adam(network.parameters(), 0.02, betas=(0.8, 0.999))
            base = 0.3 if done < 12 else 0.02
            optimizer.param_groups[0]["lr"] = base * (1 + math.cos(math.pi * done / total)) / 2
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(prepared.x[rows].double()), prepared.y[rows]).backward()
            optimizer.step()
            done += 1
    return list(network.parameters())


@pytest.mark.parametrize("steps", [11, 12, 13, 39])
def test_a_switch_equals_a_plain_torch_loop(steps):
    assert training_steps(TASK, JOB.recipe) == 40
    stack = go_on(begin(TASK, [JOB]), steps).stack
    for own, plain in zip(stack.template.views(stack.flat), torch_weights(steps), strict=True):
        torch.testing.assert_close(own[0], plain.data, rtol=1e-10, atol=1e-10)
    assert stack.rules == ["sgd" if steps < 12 else "adam"]


@pytest.mark.parametrize("job", [JOB, TWICE], ids=["another rule", "the same rule anew"])
def test_a_switch_alone_is_that_in_company(job):
    others = company(job, epochs=17)
    others[1] = others[1]._replace(recipe=replace(job.recipe, optimizer="adam>sgd@0.4"))
    together, alone = begin(TASK, others), begin(TASK, [job])
    for steps in (11, 1, 1, 13, 12):
        go_on(together, steps)
        go_on(alone, steps)
        assert_same(numbers(together.stack, "subject"), numbers(alone.stack, "subject"))
    assert len({*together.stack.rules}) > 3


def test_a_new_rule_starts_afresh():
    training = go_on(begin(TASK, [TWICE]), 11)
    before = numbers(training.stack, "subject")["optimizer/0"]
    after = numbers(go_on(training, 1).stack, "subject")["optimizer/0"]
    assert before.abs().sum() > 0 and after.abs().sum() == 0


def test_outcomes_count_what_each_rule_cost(monkeypatch):
    card = catalogue.find("optimizer", "adam").CARD
    monkeypatch.setattr(catalogue.find("optimizer", "adam"), "CARD", replace(card, evaluations=2.0))
    (one,) = begin(TASK, [JOB._replace(points=4)]).run()
    assert one.steps == 40 and one.evaluations == 12 + 2 * 28
    assert [point[3] for point in one.details["curve"]] == [10, 12 + 2 * 8, 12 + 2 * 18, 12 + 2 * 28]
    (small,) = begin(TASK, [JOB._replace(recipe=replace(JOB.recipe, optimizer="sgd"))]).run()
    parameters = begin(TASK, [JOB]).stack.template.parameters
    assert one.memory - small.memory == 2 * 8 * parameters, "the largest of its rules counts"


@pytest.mark.parametrize("steps", [5, 12, 20, 33])
def test_a_training_goes_on_from_its_checkpoint_bit_by_bit(steps):
    jobs = [*company(JOB, epochs=17), TWICE._replace(name="twice")]
    training = go_on(begin(TASK, jobs), steps)
    saved = {name: value.clone() for name, value in training.stack.state().items()}
    meta = json.loads(json.dumps(_meta(training, [])))
    expected = {one.name: repr(one._replace(seconds=0)) for one in training.run()}
    resumed = begin(TASK, jobs)
    _resume(resumed, saved, meta)
    assert {one.name: repr(one._replace(seconds=0)) for one in resumed.run()} == expected


def test_members_at_different_stages_can_be_merged():
    training = go_on(begin(TASK, [JOB]), 20)
    later = Job("later", JOB.recipe, 8)
    merged = merge([training.stack, begin(TASK, [later]).stack])
    both = Training(TASK, merged, PROGRAMS)
    go_on(both, 14)
    assert_same(numbers(both.stack, "subject"), numbers(go_on(begin(TASK, [JOB]), 34).stack, "subject"))
    assert_same(numbers(both.stack, "later"), numbers(go_on(begin(TASK, [later]), 14).stack, "later"))


def test_the_programs_of_all_stages_are_prepared():
    programs = Programs()
    needed = programs.of([(shared_template(TASK, [JOB]), 16, TWICE.recipe)])
    assert sorted(one.name for one in needed if one.name.startswith("rule")) == ["rule-momentum", "rule-sgd"]
    assert [span.first for span in spans(TWICE.recipe.optimizer, 40)] == [0, 12, 24]
