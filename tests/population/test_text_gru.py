"""The law of recurrent members: alone as in company."""

from dataclasses import replace

import torch

from population.members import alone, assert_same, begin, company, go_on, numbers
from shoal.population.gradient import stackable
from shoal.population.recipe import Job, Recipe
from shoal.population.template import template
from shoal.tasks.arrays import from_arrays
from shoal.tasks.task import Task


def texts() -> Task:
    source = torch.Generator().manual_seed(3)
    x = torch.randint(1, 9, (60, 5), generator=source).float()
    x = x * (torch.arange(5) < torch.randint(1, 6, (60, 1), generator=source))  # of every length
    made = from_arrays(x, (x == 3).any(1).long() + (x == 5).any(1).long(), classes=3)
    return replace(made, vocabulary=9)


def test_a_member_alone_equals_the_same_member_in_company():
    task = texts()
    recipe = Recipe("text_gru", width=4, depth=2, batch_size=8, epochs=20, hyper={"dropout.rate": 0.3})
    assert stackable(template(task, recipe))
    job = Job("subject", recipe, 3)
    together = begin(task, company(job, 3))
    for steps, tolerance in ((1, 1e-10), (9, 1e-8)):
        go_on(together, steps)
        expected = alone(task, job, int(together.stack.step[0]))
        assert_same(numbers(together.stack, "subject"), expected, tolerance)
