"""Axes: what may be varied, how values are checked, and what is offered when none are named."""

from typing import Any

import pytest

from shoal import catalogue
from shoal.errors import UserError
from shoal.experiments.arms import baseline, build, default_recipe
from shoal.experiments.axes import AXES, apply, axis_of, contained, value_in, values_of
from shoal.population.recipe import Recipe

from .simulated import task


def arms_of(vary: Any, recipe: Recipe | None = None, **changes: Any):
    of = task(**changes)
    start = recipe or default_recipe(of)
    axis, asked = axis_of(vary, of)
    return build(axis, values_of(axis, asked, start, of), start)


@pytest.mark.parametrize("name", AXES)
def test_every_axis_has_values_of_its_own_that_make_different_recipes(name):
    arms = arms_of(name)
    assert len(arms) >= 2 or name == "controller"
    recipes = [(arm.recipe.__dict__ | {"hyper": dict(arm.recipe.hyper)}) for arm in arms]
    assert all(one != other for place, one in enumerate(recipes) for other in recipes[:place])
    assert len({arm.name for arm in arms}) == len(arms)


@pytest.mark.parametrize("name", AXES)
def test_an_arm_has_the_value_it_is_named_after_and_never_tunes_it(name):
    for arm in arms_of(name):
        assert value_in(AXES[name], arm.recipe) in (arm.name, pytest.approx(_number(arm.name)))
        assert not set(arm.space) & set(arm.recipe.hyper)
    if name == "lr":
        assert all(arm.lr is None for arm in arms_of(name))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def test_a_technique_axis_offers_the_catalogue():
    assert [arm.name for arm in arms_of("optimizer")] == list(catalogue.names("optimizer"))
    assert arms_of("normalization")[0].name == "none"


def test_gradient_descent_takes_the_whole_training_set():
    arms = arms_of("optimizer=sgd,gradient_descent")
    assert [arm.recipe.batch_size for arm in arms] == [64, "all"]


def test_lr_and_weight_decay_are_tuned_for_every_arm():
    spaces = {arm.name: list(arm.space) for arm in arms_of("optimizer=adam,adamw")}
    assert spaces == {
        "adam": ["adam.lr", "l2.coefficient"],
        "adamw": ["adamw.lr", "adamw.weight_decay"],
    }


def test_what_the_recipe_fixes_is_not_tuned():
    arms = arms_of("batch_size=16,32", Recipe(hyper={"adam.lr": 0.01}))
    assert all(list(arm.space) == ["l2.coefficient"] and arm.lr is None for arm in arms)


def test_the_baseline_is_the_recipes_own_value_or_the_first():
    recipe = Recipe()
    assert baseline(AXES["optimizer"], arms_of("optimizer=sgd,adam"), recipe) == "adam"
    assert baseline(AXES["optimizer"], arms_of("optimizer=sgd,rmsprop"), recipe) == "sgd"
    assert baseline(AXES["lr"], arms_of("lr=0.01,0.001"), recipe) == "0.001"
    assert baseline(AXES["dropout"], arms_of("dropout"), recipe) == "0"


@pytest.mark.parametrize(
    ("vary", "sentence"),
    [
        ("optimiser", "there is no axis 'optimiser'; did you mean 'optimizer'"),
        ("optimizer=adam,sdg", "there is no optimizer 'sdg'; did you mean 'sgd'"),
        ("activation=relu,", "there is no activation ''"),
        ("optimizer=adam,adam", "optimizer adam is given twice"),
        ("lr=0.1,0.10", "lr 0.1 is given twice"),
        ("optimizer=adam", "at least two values of optimizer, got adam"),
        ("lr=0.1,0", "lr 0 lies outside its domain"),
        ("lr=0.1,fast", "lr 'fast' is not a number"),
        ("lr=0.1,nan", "lr 'nan' is not a number"),
        ("dropout=0,1.5", "dropout 1.5 lies outside its domain"),
        ("batch_size=32,2.5", "batch_size 2.5 is no whole number of at least 1 or 'all'"),
        ("batch_size=32,1001", "more than the 1000 training rows"),
        ("width=0,8", "width 0 is no whole number"),
        ({"lr": [0.1], "width": [3]}, "varies one axis, not 2"),
    ],
)
def test_wrong_values_are_one_sentence(vary, sentence):
    with pytest.raises(UserError, match=sentence):
        arms_of(vary)


def test_the_users_own_module_has_no_width():
    with pytest.raises(UserError, match="width cannot be varied in your own module; these can: optimizer"):
        arms_of("width", network=lambda: None)
    assert arms_of("optimizer", network=lambda: None)[0].recipe.network == "own"


def test_a_field_that_the_optimizer_fixes_cannot_be_varied():
    with pytest.raises(UserError, match="cannot be varied with gradient_descent, which fixes it to all"):
        apply(AXES["batch_size"], 32, Recipe(optimizer="gradient_descent"))


def test_containment_is_transitive():
    assert {"sgd", "momentum", "adam"} <= contained("adamw")
    assert contained("sgd") == frozenset()


def test_ones_own_file_is_an_arm(tmp_path):
    import inspect

    file = tmp_path / "mine.py"
    file.write_text(inspect.getsource(catalogue.find("optimizer", "adam")))
    arm = arms_of({"optimizer": ["adam", str(file)]})[1]
    assert arm.name == str(file) and arm.lr == "mine.lr"
