"""Recipes as text and as files: what they say, what survives a round trip, what is wrong in one sentence."""

from dataclasses import fields, replace

import pytest

from shoal import catalogue
from shoal.errors import UserError
from shoal.experiments import recipes
from shoal.population.recipe import Recipe

from .simulated import task


def made(text, start=None):
    return recipes.recipe_of(recipes.parse(text), start)


def test_a_recipe_is_told_in_any_order():
    expected = replace(Recipe(), optimizer="sgd", width=128, residual=True, hyper={"sgd.lr": 0.1})
    assert made("lr=0.1 residual=true width=128 optimizer=sgd") == expected


def test_what_is_not_told_stays_as_it_was():
    start = Recipe(width=7, hyper={"adam.lr": 0.01})
    assert made("depth=3", start) == replace(start, depth=3)


def test_auto_takes_a_fixed_number_away():
    assert made("lr=auto", Recipe(hyper={"adam.lr": 0.01})).hyper == {}


def test_a_regularizer_is_turned_on_by_name_or_by_its_hyperparameter():
    assert made("regularizer=dropout").hyper == {"dropout.rate": 0.1}
    assert made("dropout.rate=0.3").hyper == made("dropout=0.3").hyper == {"dropout.rate": 0.3}
    assert made("dropout.rate=auto").hyper == {"dropout.rate": 0.1}
    assert made("regularizer=none", Recipe(hyper={"dropout.rate": 0.3, "l2.coefficient": 0.1})).hyper == {
        "l2.coefficient": 0.1
    }


def test_numbers_beside_a_regularizer_stay():
    assert made("dropout.rate=0.3 regularizer=dropout+l2").hyper == {
        "dropout.rate": 0.3,
        "l2.coefficient": 1e-4,
    }


def test_every_field_survives_the_file(tmp_path):
    whole = Recipe(
        "mlp", 32, 3, True, "tanh", "batch_norm", "xavier_normal", "adamw", "cosine", "early_stopping",
        "all", 5.5, None, 0.25, "cpu", {"adamw.lr": 1e-05, "adamw.weight_decay": 0.5, "dropout.rate": 0.2},
    )  # fmt: skip
    assert all(getattr(whole, one.name) != getattr(Recipe(), one.name) for one in fields(Recipe)
               if one.name not in ("network", "train_size", "device"))  # fmt: skip
    file = tmp_path / "recipe.toml"
    split = Recipe(
        optimizer="sam+sgd>matrix:lion|adam+cautious@0.25",
        hyper={"sam.rho": 0.2, "matrix.lion.lr": 0.5, "adam.lr": 0.25, "cautious.eps": 0.01},
    )
    for recipe in (whole, split, Recipe(), replace(Recipe(), train_size=17)):
        file.write_text(recipes.to_toml(recipe))
        assert recipes.from_toml(file) == recipe
        assert recipes.from_toml(file, start=Recipe(width=999)) == recipe


def test_the_file_reads_like_a_recipe():
    lines = recipes.to_toml(Recipe(hyper={"adam.lr": 0.001})).splitlines()
    assert {'optimizer = "adam"', "width = 64", "residual = false", 'train_size = "all"'} <= set(lines)
    assert lines[-1] == "adam.lr = 0.001"
    split = Recipe(optimizer="bias-norm:sgd|adam", hyper={"bias-norm.sgd.lr": 0.1})
    assert recipes.to_toml(split).splitlines()[-1] == "bias-norm.sgd.lr = 0.1"


def test_ones_own_file_and_spaces_in_its_name(tmp_path):
    import inspect

    file = tmp_path / "my rule.py"
    file.write_text(inspect.getsource(catalogue.find("optimizer", "adam")))
    recipe = made(f"optimizer='{file}' lr=0.5")
    assert recipe.optimizer == str(file) and recipe.hyper == {"my rule.lr": 0.5}
    kept = tmp_path / "recipe.toml"
    kept.write_text(recipes.to_toml(recipe))
    assert recipes.from_toml(kept) == recipe


def test_changes_lead_from_one_recipe_to_another():
    start = Recipe(optimizer="sgd", hyper={"sgd.lr": 0.1})
    goal = replace(start, width=5, train_size=9, hyper={"sgd.lr": 0.2, "dropout.rate": 0.0})
    assert recipes.recipe_of(recipes.changes_of(goal, start), start) == goal


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("width", "'width' in the recipe 'width' is no name=value"),
        ("width=", "no name=value"),
        ("width=3 width=4", "width is told twice"),
        ("optimizer='sgd", "cannot be read: no closing quotation"),
        ("widht=3", "there is no part of a recipe 'widht'; did you mean 'width'"),
        ("width=2.5", "width 2.5 is no whole number of at least 1"),
        ("residual=yes", "residual 'yes' is neither true nor false"),
        ("network=cnn", "there is no network 'cnn'"),
        ("optimizer=sdg", "there is no optimizer 'sdg'; did you mean 'sgd'"),
        ("regularizer=dropuot", "there is no regularizer 'dropuot'; did you mean 'dropout'"),
        ("regularizer=./mine.py", "a file of your own can be any technique but a regularizer"),
        ("augmentation=./mine.py", "a file of your own can be any technique but an augmentation"),
        ("augmentation=flap", "there is no augmentation 'flap'; did you mean 'flip'"),
        ("adam.beta9=1", "there is no hyperparameter of adam 'beta9'; did you mean 'beta"),
        ("sgd.lr=1", "sgd.lr needs optimizer sgd, but the recipe has adam; choose optimizer=sgd"),
        ("nothing.lr=1", "there is no technique 'nothing'; "),
        ("relu.slope=1", "relu has no hyperparameters, so there is no relu.slope"),
        ("lr=-1", r"lr -1 lies outside its domain \(0, inf\)"),
        ("lr=fast", "lr 'fast' is not a number"),
        ("epochs=0", r"epochs 0 lies outside its domain \(0, inf\)"),
        ("label_noise=1", "label_noise 1 lies outside its domain"),
        ("device=abacus", "there is no device 'abacus'"),
        ("optimizer=gradient_descent batch_size=32", "batch_size cannot be set with gradient_descent"),
        ("network=convnet residual=true", "residual cannot be varied in network convnet"),
        ("optimizer=sgd>adam", "does not say when"),
        ("optimizer=sgd>adam@0.3 lr=0.1", "has an lr for each rule; write sgd.lr or adam.lr"),
        ("optimizer=matrix:sgd|adam lr=0.1", "has an lr for each rule; write matrix.sgd.lr or adam.lr"),
        ("optimizer=matrix:sgd|adam sgd.lr=1", "there is no technique 'sgd'; .*there are: .*matrix.sgd"),
        ("optimizer=matrix:sgd|adam matrx.sgd.lr=1", "no technique 'matrx.sgd'; did you mean 'matrix.sgd'"),
        ("optimizer=matrix:sgd|adam matrix.sgd.lt=1", "hyperparameter of matrix.sgd 'lt'; did you mean 'lr'"),
        ("optimizer=matrix:sgd|adam matrix.sgd.lr=-1", "matrix.sgd.lr -1 lies outside its domain"),
        ("optimizer=sam+sgd sam.roh=1", "there is no hyperparameter of sam 'roh'; did you mean 'rho'"),
        ("optimizer=sam+sgd sam.rho=-1", r"sam.rho -1 lies outside its domain \[0, inf\)"),
        ("sam.rho=0.1", "needs link sam in the optimizer, but the recipe has adam; .* optimizer=sam.adam"),
        ("cautious.eps=0.1", "choose for example optimizer=adam.cautious"),
        ("optimizer=matrix:gradient_descent|adam batch_size=32", "batch_size cannot be set with matrix:gra"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(text, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        made(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("batch_size=1001", "more than the 1000 training rows"),
        ("train_size=1001", "more than the 1000 training rows"),
        ("network=convnet", "network convnet does not fit simulated; these do: mlp"),
        ("network=own", "network own does not fit"),
    ],
)
def test_what_the_task_does_not_have_is_one_sentence(text, sentence):
    with pytest.raises(UserError, match=sentence):
        recipes.recipe_of(recipes.parse(text), task=task())


def test_label_noise_needs_classes():
    with pytest.raises(UserError, match=r"label_noise 0\.1 replaces classes, but simulated predicts numbers"):
        recipes.recipe_of({"label_noise": 0.1}, task=task("rmse"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("width = 3\ndepht = 2", "recipe.toml: there is no part of a recipe 'depht'; did you mean 'depth'"),
        ("width = [3]", "recipe.toml: width is .3., but must be a text, a number, true or false"),
        ("width = true", "recipe.toml: width True is no whole number"),
        ("adam.lr = 0", "recipe.toml: adam.lr 0 lies outside its domain"),
        ("width = ", "recipe.toml is no TOML"),
        ("#" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_a_wrong_file_is_one_sentence_that_names_it(tmp_path, text, sentence):
    (tmp_path / "recipe.toml").write_text(text)
    with pytest.raises(UserError, match=sentence):
        recipes.from_toml(tmp_path / "recipe.toml")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.toml cannot be read"):
        recipes.from_toml(tmp_path / "nowhere.toml")
