"""From what is asked to a plan: axes, crossed axes, arms and recipes in all their forms."""

import pytest

from shoal.errors import UserError
from shoal.experiments.planning import make_plan
from shoal.population.recipe import Recipe

from .simulated import task


def arms(plan):
    return {one.name: one.recipe for one in plan.arms}


def test_one_axis():
    plan = make_plan(task(), "optimizer=sgd,adam")
    assert (plan.axis, plan.baseline, list(arms(plan))) == ("optimizer", "adam", ["sgd", "adam"])


def test_several_axes_cross():
    plan = make_plan(task(), ["optimizer=sgd,adam", "width=16,32"])
    assert plan.axis == "optimizer × width" and plan.baseline == "adam · width 16"
    assert len(plan.arms) == 4
    assert plan == make_plan(task(), {"optimizer": ["sgd", "adam"], "width": [16, 32]})


def test_whole_recipes_are_arms_in_every_form(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text('optimizer = "sgd"\nwidth = 8\n')
    plan = make_plan(
        task(),
        arms={
            "a": "optimizer=sgd schedule=cosine lr=auto",
            "b": Recipe(optimizer="momentum", hyper={"momentum.lr": 0.1}),
            "c": str(file),
            "d": {"optimizer": "sgd", "lr": 0.5},
        },
    )
    assert plan.axis == "recipe" and plan.baseline == "a"
    found = {one.name: (one.recipe.optimizer, one.recipe.width, one.rates) for one in plan.arms}
    assert found == {
        "a": ("sgd", 64, ("sgd.lr",)),
        "b": ("momentum", 64, ()),
        "c": ("sgd", 8, ("sgd.lr",)),
        "d": ("sgd", 64, ()),
    }


def test_one_arm_is_compared_with_the_default_recipe():
    plan = make_plan(task(), arms={"mine": "optimizer=sgd"}, recipe="width=8")
    assert plan.baseline == "default" and {one.width for one in arms(plan).values()} == {8}


@pytest.mark.parametrize("form", ["text", "file", "recipe", "dict"])
def test_a_start_recipe_in_every_form_gives_the_same_plan(form, tmp_path):
    file = tmp_path / "start.toml"
    file.write_text('width = 128\nadam.lr = 0.1\n"dropout.rate" = 0.2\n')
    start = {
        "text": "width=128 lr=0.1 dropout.rate=0.2",
        "file": file,
        "recipe": Recipe(width=128, hyper={"adam.lr": 0.1, "dropout.rate": 0.2}),
        "dict": {"width": 128, "lr": 0.1, "dropout": 0.2},
    }
    plan = make_plan(task(), "depth=1,2", recipe=start[form])
    assert {(one.recipe.width, one.rates, one.recipe.hyper["dropout.rate"]) for one in plan.arms} == {
        (128, (), 0.2)
    }


def test_the_device_reaches_every_arm():
    assert {one.device for one in arms(make_plan(task(), "depth=1,2", recipe=Recipe(width=3))).values()} == {
        "cpu"
    }


def test_an_own_network_starts_as_it_was_drawn():
    plan = make_plan(task(network=lambda: None), "optimizer=sgd,adam", recipe="batch_size=32")
    assert {(one.network, one.initializer, one.batch_size) for one in arms(plan).values()} == {
        ("own", "own", 32)
    }


def test_numbers_that_decide_stand_in_the_plan():
    plan = make_plan(
        task(), "depth=1,2", work=9, trials=5, seeds=7, judge="steps", reach=0.5, margin="3%", alpha=0.1
    )
    assert (plan.work, plan.trials, plan.seeds, plan.reach, plan.alpha) == (9, 5, 7, 0.5, 0.1)
    assert (plan.margin.value, plan.margin.relative, plan.budget_seconds) == (0.03, True, None)
    assert make_plan(task(), "depth=1,2").budget_seconds == 60.0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"arms": {}}, "there are no arms"),
        ({"arms": {"a": "optimizer=sdg"}}, "arm a: there is no optimizer 'sdg'; did you mean 'sgd'"),
        ({"arms": {"a": "lr=auto", "b": "widht=3"}}, "arm b: there is no part of a recipe 'widht'"),
        ({"arms": {"a": 3}}, "arm a: a recipe is a Recipe, a text, a .toml file or a dict, not int"),
        ({"arms": {"a": "", "b": ""}}, "arms a and b are the same recipe"),
        ({"arms": {"a": "nowhere.toml", "b": ""}}, "arm a: nowhere.toml cannot be read"),
        ({"vary": "lr", "recipe": "width=no"}, "width no is no whole number"),
        ({"vary": "lr", "recipe": "nowhere.toml"}, "nowhere.toml cannot be read"),
        ({"vary": "lr", "fingerprint": "other"}, "the data of simulated are not those"),
    ],
)
def test_what_is_wrong_is_one_sentence(options, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        make_plan(task(), **options)
    assert "\n" not in str(caught.value)


def test_a_wrong_recipe_file_is_named(tmp_path):
    file = tmp_path / "start.toml"
    file.write_text("width = 0")
    with pytest.raises(UserError, match=r"start\.toml: width 0 is no whole number"):
        make_plan(task(), "lr", recipe=file)
