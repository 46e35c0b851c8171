"""Axes: what may be varied, how values are checked, and what is offered when none are named."""

import inspect
from dataclasses import fields, replace
from typing import Any

import pytest

from shoal import catalogue
from shoal.errors import UserError
from shoal.experiments import arms as arms_
from shoal.experiments.arms import default_recipe
from shoal.experiments.axes import alternatives, asked_for, axis_of, listed, names, values_of
from shoal.experiments.axis import apply, label, read, value_in
from shoal.experiments.recipes import recipe_of
from shoal.population.places import check
from shoal.population.recipe import Recipe

from .simulated import task

IMAGES = {"features": (1, 8, 8)}
ONE_VALUE = ("network", "device")
"""Axes with one value alone on the plain task and machine."""
MANY = [name for name in names() if name not in ONE_VALUE]


def fitting(name: str):
    """A task whose inputs the technique that is switched on by the axis is for."""
    technique = axis_of(name).key.partition(".")[0]
    kind = catalogue.switched_kind(technique)
    inputs = getattr(catalogue.find(kind, technique), "INPUTS", "numbers") if kind else "numbers"
    return task(**{"image": IMAGES, "tokens": {"vocabulary": 9}}.get(inputs, {}))


def arms_of(vary: Any, recipe: Recipe | None = None, **changes: Any):
    of = task(**changes) if changes or not isinstance(vary, str) else fitting(vary.partition("=")[0])
    start = recipe or start_of(vary, of)
    values = {axis: values_of(axis, some, start, of) for axis, some in asked_for(vary).items()}
    return arms_.cross(values, {}, start, of)


def start_of(vary: Any, of: Any) -> Recipe:
    """The recipe that a comparison starts from, with the residual branches that what is varied acts on."""
    key = axis_of(vary.partition("=")[0]).key if isinstance(vary, str) else ""
    name = key.partition(".")[0]
    kind = catalogue.switched_kind(name)
    branches = kind is not None and catalogue.find(kind, name).PLACE == "branch"
    return replace(default_recipe(of), residual=branches)


def baseline_of(vary: Any, recipe: Recipe) -> str:
    values = {axis: values_of(axis, some, recipe, task()) for axis, some in asked_for(vary).items()}
    return arms_.baseline(values, recipe)


def test_every_field_and_every_kind_that_trains_is_an_axis():
    recipe = {one.name for one in fields(Recipe)} - {"hyper"}
    assert recipe | {"augmentation", "regularizer", "lr", "dropout", "flip"} <= set(names())
    assert set(catalogue.kinds()) & recipe <= {name for name in names() if axis_of(name).kind == "technique"}
    assert [row["name"] for row in listed()] == [*names(), "TECHNIQUE.HYPER"]
    shown = {row["name"]: row["summary"].split(", ") for row in listed()}
    assert shown["regularizer"][0] == shown["controller"][0] == "none" and "dropout" in shown["regularizer"]
    assert shown["train_size"] == ["any number", "all"] and shown["residual"] == ["false", "true"]
    assert shown["dropout"] == ["dropout.rate"]


@pytest.mark.parametrize("name", MANY)
def test_every_axis_has_values_of_its_own_that_make_different_recipes(name):
    arms = arms_of(name)
    assert len(arms) >= 2
    recipes = [(arm.recipe.__dict__ | {"hyper": dict(arm.recipe.hyper)}) for arm in arms]
    assert all(one != other for place, one in enumerate(recipes) for other in recipes[:place])
    assert len({arm.name for arm in arms}) == len(arms)


@pytest.mark.parametrize("name", MANY)
def test_an_arm_has_the_value_it_is_named_after_and_does_not_tune_it(name):
    axis = axis_of(name)
    for arm in arms_of(name):
        assert label(value_in(axis, arm.recipe)) == arm.name
        if axis.kind == "hyper":
            assert not set(arm.space) & set(arm.recipe.hyper)
    if name == "lr":
        assert all(not arm.rates for arm in arms_of(name))


@pytest.mark.parametrize("name", names())
def test_the_alternatives_are_all_values_but_the_recipes_own(name):
    of = fitting(name)
    axis, recipe = axis_of(name), replace(Recipe(), residual=start_of(name, of).residual)
    found = alternatives(axis, recipe, of)
    assert label(value_in(axis, recipe)) not in map(label, found)
    for value in found:
        assert label(value_in(axis, apply(axis, value, recipe))) == label(value)
    if name in MANY:
        assert {*map(label, found), label(value_in(axis, recipe))} >= {arm.name for arm in arms_of(name)}


def test_regularizers_are_offered_where_they_can_act():
    regularizer, branched = axis_of("regularizer"), Recipe(residual=True)
    assert "stochastic_depth" in alternatives(regularizer, branched, task())
    assert "stochastic_depth" not in alternatives(regularizer, Recipe(), task())
    assert "stochastic_depth" not in alternatives(regularizer, replace(branched, depth=1), task())
    of_classes = {"confidence_penalty", "label_smoothing"}
    assert of_classes <= set(alternatives(regularizer, Recipe(), task()))
    assert not of_classes & set(alternatives(regularizer, Recipe(), task("rmse")))
    with pytest.raises(UserError, match="acts on residual branches, and this network has none: set network"):
        arms_of("stochastic_depth=0,0.2", Recipe())


def test_augmentations_are_offered_for_the_inputs_they_are_for():
    axis = axis_of("augmentation")
    by_inputs: dict[str, set[str]] = {}
    for name in catalogue.names("augmentation"):
        by_inputs.setdefault(catalogue.find("augmentation", name).INPUTS, set()).add(name)
    assert set(alternatives(axis, Recipe(), task())) == by_inputs["numbers"]
    assert set(alternatives(axis, Recipe(), task(vocabulary=9))) == by_inputs["tokens"]
    assert set(alternatives(axis, Recipe(), task(**IMAGES))) == by_inputs["image"] | by_inputs["numbers"]
    assert "mixup" in alternatives(axis, Recipe(), task("rmse"))
    sentence = r"'flip' changes images .*, but the rows of task 'simulated' are plain numbers: leave it out"
    with pytest.raises(UserError, match=sentence):
        check(recipe_of({"augmentation": "flip"}), task())


def test_augmentations_are_switched_on_beside_regularizers():
    arms = arms_of(
        "augmentation=none,mixup+swap_noise", Recipe(hyper={"dropout.rate": 0.5, "mixup.alpha": 1.0})
    )
    assert [dict(arm.recipe.hyper) for arm in arms] == [
        {"dropout.rate": 0.5},
        {"dropout.rate": 0.5, "mixup.alpha": 1.0, "swap_noise.rate": 0.1},
    ]
    assert set(arms[1].space) - set(arms[0].space) == {"swap_noise.rate"}


def test_there_are_no_alternatives_where_an_axis_means_nothing():
    own, of = Recipe(network="own", initializer="own"), task(network=lambda: None)
    for name in ("width", "depth", "residual", "activation", "normalization", "dropout"):
        assert alternatives(axis_of(name), own, of) == ()
    assert alternatives(axis_of("residual"), Recipe(network="convnet"), task(**IMAGES)) == ()
    assert alternatives(axis_of("batch_size"), Recipe(optimizer="gradient_descent"), task()) == ()
    assert alternatives(axis_of("label_noise"), Recipe(), task("rmse")) == ()
    assert "dropout" not in alternatives(axis_of("regularizer"), own, of)
    assert set(alternatives(axis_of("network"), own, of)) == {"mlp"}
    assert "convnet" in alternatives(axis_of("network"), Recipe(), task(**IMAGES))


def test_a_technique_axis_offers_the_catalogue():
    assert [arm.name for arm in arms_of("optimizer")] == list(catalogue.names("optimizer"))
    assert arms_of("normalization")[0].name == "none"
    assert arms_of("regularizer")[0].name == "none"


def test_a_hyperparameters_range_is_offered_at_equal_ratios():
    assert [arm.name for arm in arms_of("lr")] == ["1e-05", "0.0001", "0.001", "0.01", "0.1"]
    assert [arm.name for arm in arms_of("dropout.rate")] == ["0", "0.125", "0.25", "0.375", "0.5"]


SEARCHED = [
    (kind, each["name"], name)
    for kind in {*catalogue.kinds()} & {one.name for one in fields(Recipe)} | {*catalogue.SWITCHED}
    for each in catalogue.describe(kind)
    for name, one in each["hyper"].items()
    if one["low"] is not None
]


@pytest.mark.parametrize(("kind", "technique", "hyper"), sorted(SEARCHED))
def test_every_searched_hyperparameter_is_an_axis(kind, technique, hyper):
    name = f"{technique}.{hyper}"
    switched = kind in catalogue.SWITCHED
    recipe = start_of(name, fitting(name)) if switched else replace(Recipe(), **{kind: technique})
    arms = arms_of(f"{technique}.{hyper}", recipe)
    assert len(arms) == 5
    assert [arm.recipe.hyper[f"{technique}.{hyper}"] for arm in arms] == [float(arm.name) for arm in arms]


def test_train_size_offers_shares_of_the_rows_and_all():
    assert [arm.recipe.train_size for arm in arms_of("train_size")] == [125, 250, 500, None]
    assert [arm.name for arm in arms_of("train_size=10,all")] == ["10", "all"]


def test_gradient_descent_takes_the_whole_training_set():
    arms = arms_of("optimizer=sgd,gradient_descent")
    assert [arm.recipe.batch_size for arm in arms] == [64, "all"]


def test_leaving_ones_own_network_leaves_its_draws():
    own = Recipe(network="own", initializer="own")
    assert apply(axis_of("network"), "mlp", own).initializer == Recipe.initializer


def test_a_hyperparameter_of_another_optimizer_says_which():
    with pytest.raises(UserError, match=r"sgd\.lr needs optimizer sgd, but the recipe has adam; choose"):
        arms_of({"sgd.lr": [0.1, 0.2]})
    arms = arms_of("sgd.lr=0.1,0.2", Recipe(optimizer="sgd"))
    assert [arm.recipe.hyper for arm in arms] == [{"sgd.lr": 0.1}, {"sgd.lr": 0.2}]


def test_a_regularizers_hyperparameter_turns_it_on_and_its_name_is_short_for_it():
    long, short = arms_of("dropout.rate=0.1,0.2"), arms_of("dropout=0.1,0.2")
    assert [arm.recipe for arm in long] == [arm.recipe for arm in short]
    assert long[1].recipe.hyper == {"dropout.rate": 0.2}


def test_a_regularizer_axis_turns_one_on_and_the_others_off():
    arms = arms_of("regularizer=none,dropout,l1+dropout", Recipe(hyper={"l1.coefficient": 0.5}))
    assert [sorted(arm.recipe.hyper) for arm in arms] == [
        [],
        ["dropout.rate"],
        ["dropout.rate", "l1.coefficient"],
    ]
    assert [arm.name for arm in arms] == ["none", "dropout", "dropout+l1"]


def test_the_baseline_is_the_recipes_own_value_or_the_first():
    recipe = Recipe()
    assert baseline_of("optimizer=sgd,adam", recipe) == "adam"
    assert baseline_of("optimizer=sgd,rmsprop", recipe) == "sgd"
    assert baseline_of("lr=0.01,0.001", recipe) == "0.001"
    assert baseline_of("dropout", recipe) == "0"
    assert baseline_of("regularizer=dropout,none", recipe) == "none"
    assert baseline_of("regularizer=dropout,none", Recipe(hyper={"l2.coefficient": 0.1})) == "none"
    assert baseline_of("residual=true,false", recipe) == "false"
    assert baseline_of(["optimizer=sgd,adam", "width=16,64"], recipe) == "adam · width 64"
    assert baseline_of(["optimizer=sgd,rmsprop", "width=16,64"], recipe) == "sgd · width 64"


def test_forms_of_asking_agree():
    told = asked_for({"optimizer": ["adam", "sgd"], "width": None})
    assert (
        told
        == asked_for(["optimizer=adam, sgd", "width"])
        == asked_for({"optimizer": "adam,sgd", "width": None})
    )


@pytest.mark.parametrize(
    ("vary", "sentence"),
    [
        ("optimiser", "there is no axis 'optimiser'; did you mean 'optimizer'"),
        ("optimizer=adam,sdg", "there is no optimizer 'sdg'; did you mean 'sgd'"),
        ("activation=relu,", "there is no activation ''"),
        ("optimizer=adam,adam", "optimizer adam is given twice"),
        ("lr=0.1,0.10", r"lr 0\.1 is given twice"),
        ("optimizer=adam", "at least two values of optimizer, got adam"),
        ("lr=0.1,0", "lr 0 lies outside its domain"),
        ("lr=0.1,fast", "lr 'fast' is not a number"),
        ("lr=0.1,nan", "lr 'nan' is not a number"),
        ("dropout=0,1.5", r"dropout 1\.5 lies outside its domain"),
        ("batch_size=32,2.5", r"batch_size 2\.5 is no whole number of at least 1 or 'all'"),
        ("batch_size=32,1001", "more than the 1000 training rows"),
        ("train_size=32,1001", "more than the 1000 training rows"),
        ("width=0,8", "width 0 is no whole number"),
        ("residual=true,1", "residual '1' is neither true nor false"),
        ("epochs=3,-1", "epochs -1 lies outside its domain"),
        ("network=mlp,convnet", "network convnet does not fit simulated; these do: mlp"),
        ("regularizer=none,droput", "there is no regularizer 'droput'; did you mean 'dropout'"),
        ("adam.beta2=0.9,1.5", r"adam\.beta2 1\.5 lies outside its domain"),
        ("adam.beta3=0.9,0.5", "there is no hyperparameter of adam 'beta3'"),
        ("adam.eps", r"adam\.eps has no search range; name the values"),
        ("optimizer=adam,sgd>rmsprop", "does not say when 'rmsprop' takes over"),
        ("optimizer=adam,sgd>rmsprob@0.3", "there is no optimizer 'rmsprob'; did you mean 'rmsprop'"),
        ("optimizer=adam,sma+adam", "there is no optimizer 'sma'; did you mean 'sam'"),
        ("optimizer=adam,matrx:sgd|adam", "there is no role of parameters 'matrx'; did you mean 'matrix'"),
        (
            "optimizer=adam,norm:sgd|adam",
            "has a rule for norm, and the network has only parameters of matrix",
        ),
        ("optimizer=adam,sgd+adam", "needs one rule in a chain, and has sgd and adam"),
        ("optimizer=adam,adam+sam", "link sam acts on the gradient, so it stands before the rule"),
        ("optimizer=adam,cautious+adam", "link cautious acts on the change, so it stands behind the rule"),
        ("optimizer=adam,matrix:adam", "must end with the one rule that has no role"),
        ("matrix.adam.lr=0.1,0.2", "there is no technique 'matrix.adam'; did you mean 'adam'"),
        ({}, "nothing is varied"),
        (["lr=0.1,0.2", "lr=0.3,0.4"], "lr is varied twice"),
        ({"lr": [0.1, None]}, "lr None is not a number"),
        ({"width": [8, True]}, "width True is no whole number"),
    ],
)
def test_wrong_values_are_one_sentence(vary, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        arms_of(vary)
    assert "\n" not in str(caught.value)


def test_a_rule_whose_needs_are_not_met_is_refused_before_training(tmp_path):
    source = inspect.getsource(catalogue.find("optimizer", "sgd"))
    (tmp_path / "mine.py").write_text(source.replace("CARD = Card(", 'CARD = Card(needs=("curvature",),'))
    for optimizer in ("{}", "matrix:{}|adam", "sgd>{}@0.5"):
        with pytest.raises(UserError, match="needs curvature, which this engine cannot give"):
            arms_of({"optimizer": ["adam", optimizer.format(tmp_path / "mine.py")]})


def test_hyperparameters_of_branches_and_links_are_axes():
    arms = arms_of("matrix.adam.lr=0.1,0.2", Recipe(optimizer="matrix:adam|adam"))
    assert [arm.recipe.hyper for arm in arms] == [{"matrix.adam.lr": 0.1}, {"matrix.adam.lr": 0.2}]
    assert all("adam.lr" in arm.space and "matrix.adam.lr" not in arm.space for arm in arms)
    arms = arms_of("sam.rho", Recipe(optimizer="sam+sgd"))
    assert len(arms) == 5 and all("sam.rho" not in arm.space for arm in arms)


def test_the_users_own_module_has_no_width():
    with pytest.raises(UserError, match=r"width cannot be varied in your own module; these can: .*optimizer"):
        arms_of("width", network=lambda: None)
    assert arms_of("optimizer", network=lambda: None)[0].recipe.network == "own"


def test_a_field_that_the_optimizer_fixes_cannot_be_set():
    with pytest.raises(UserError, match="cannot be set with gradient_descent, which fixes it to all"):
        apply(axis_of("batch_size"), 32, Recipe(optimizer="gradient_descent"))


def test_ones_own_file_is_an_arm(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(inspect.getsource(catalogue.find("optimizer", "adam")))
    arm = arms_of({"optimizer": ["adam", str(file)]})[1]
    assert arm.name == str(file) and arm.rates == ("mine.lr",)


def test_ones_own_file_can_take_over_from_a_rule(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(inspect.getsource(catalogue.find("optimizer", "adam")))
    arm = arms_of({"optimizer": ["adam", f"sgd>{file}@0.5"]})[1]
    assert arm.rates == ("sgd.lr", "mine.lr")


def test_a_value_that_was_read_is_read_as_itself():
    for name in MANY:
        axis = axis_of(name)
        of = fitting(name)
        for value in values_of(axis, None, start_of(name, of), of):
            assert read(axis, value, Recipe(), task()) == value
            assert read(axis, label(value), replace(Recipe()), task()) == value
