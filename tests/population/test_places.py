"""What a regularizer cannot act on is refused in a sentence, before anything is trained."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from population.members import begin, table
from shoal.errors import UserError
from shoal.experiments.planning import make_plan
from shoal.population.places import check
from shoal.population.recipe import Job, Recipe

BASE = Recipe(width=8, depth=2, batch_size=16, epochs=6)


@pytest.mark.parametrize("name", ["label_smoothing.smoothing", "confidence_penalty.coefficient"])
def test_what_acts_on_classes_is_refused_for_numbers(name):
    with pytest.raises(UserError, match=f"{name.split('.')[0]!r} acts on the probabilities of classes"):
        begin(table(classes=None), [Job("one", replace(BASE, hyper={name: 0.1}), 0)])


@pytest.mark.parametrize(
    "changes",
    [{}, {"residual": True, "depth": 1}, {"residual": True, "network": "convnet"}],
    ids=["not residual", "too shallow", "convolutions"],
)
def test_stochastic_depth_without_branches_is_refused(changes):
    recipe = replace(BASE, hyper={"stochastic_depth.rate": 0.2}, **changes)
    with pytest.raises(UserError, match="set network=mlp, residual=true and a depth of at least 2"):
        begin(table(features=(6, 6)), [Job("one", recipe, 0)])


def test_noise_on_inputs_that_are_names_is_refused():
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.last = nn.Embedding(9, 4), nn.Linear(24, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.words(x.long().clamp(0, 8)).flatten(1))

    recipe = Recipe(network="own", initializer="own", hyper={"input_noise.std": 0.1})
    with pytest.raises(UserError, match=r"'input_noise' changes inputs .* whole numbers \(Embedding\)"):
        begin(table(network=Words), [Job("one", recipe, 0)])


def test_what_can_act_is_let_through():
    hyper = {
        "stochastic_depth.rate": 0.2,
        "confidence_penalty.coefficient": 0.1,
        "label_smoothing.smoothing": 0.1,
    }
    check(replace(BASE, residual=True, hyper=hyper), table())
    check(replace(BASE, hyper={"l1.coefficient": 0.1, "input_noise.std": 0.1}), table(classes=None))


@pytest.mark.parametrize("name", ["label_smoothing", "confidence_penalty"])
def test_a_comparison_refuses_it_when_it_is_planned(name):
    for asked in ({"vary": f"{name}=0,0.2"}, {"arms": {"one": f"regularizer={name}"}}):
        with pytest.raises(UserError, match=f"{name!r} acts on the probabilities of classes"):
            make_plan(table(classes=None), **asked)
