"""What a regularizer or augmentation cannot act on is refused in a sentence, before anything is trained."""

from dataclasses import replace

import pytest
from torch import nn

from population.members import Words, begin, recipe_with, table, words
from shoal import catalogue
from shoal.errors import UserError
from shoal.experiments.planning import make_plan
from shoal.population.places import check
from shoal.population.recipe import Job, Recipe
from shoal.tasks.own_loss import OwnLoss
from shoal.tasks.task import Task

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
    recipe = Recipe(network="own", initializer="own", hyper={"input_noise.std": 0.1})
    with pytest.raises(UserError, match=r"'input_noise' changes inputs .* whole numbers \(Embedding\)"):
        begin(table(network=Words), [Job("one", recipe, 0)])


AUGMENTATIONS = {name: catalogue.find("augmentation", name) for name in catalogue.names("augmentation")}
IMAGES = [name for name, one in AUGMENTATIONS.items() if one.INPUTS == "image"]
MIXING = [name for name, one in AUGMENTATIONS.items() if one.PLACE == "pairs"]


def refused(name: str, task: Task, recipe: Recipe = BASE) -> str:
    """The sentence on an augmentation, before anything is built."""
    with pytest.raises(UserError) as caught:
        check(recipe_with("augmentation", name, recipe, 0.5), task)
    return str(caught.value)


@pytest.mark.parametrize("name", IMAGES)
def test_what_changes_images_is_refused_for_plain_numbers(name):
    for features in ((6,), (6, 6)):
        assert "changes images [channels, height, width]" in refused(name, table(features=features))
    check(recipe_with("augmentation", name, BASE, 0.5), table(features=(1, 6, 6)))


def test_tokens_and_numbers_are_no_substitutes():
    assert "changes tokens, but the rows of task" in refused("word_dropout", table())
    for name in AUGMENTATIONS.keys() - {"word_dropout"}:
        assert "are tokens: leave it out" in refused(name, words())
    check(recipe_with("augmentation", "word_dropout", BASE, 0.5), words())


@pytest.mark.parametrize("name", MIXING)
def test_mixing_needs_aims_that_can_be_mixed(name):
    task = table(features=(1, 6, 6))
    own = replace(task, loss=OwnLoss(nn.CrossEntropyLoss(), (3,), (), True))
    assert "mixes what rows aim at" in refused(name, own)
    check(recipe_with("augmentation", name, BASE, 0.5), table(features=(1, 6, 6), classes=None))


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
