"""An artifact is loaded as it was saved, or refused in one sentence."""

import json
import shutil

import numpy as np
import polars as pl
import pytest
import safetensors.torch
import torch
from torch import nn

from artifact.made import FEATURES, contents, own_network, saved, table_task, weights_of
from shoal import catalogue
from shoal.artifact.load import load, locate
from shoal.artifact.save import DESCRIPTION, WEIGHTS, digest, save
from shoal.errors import UserError
from shoal.tasks.layout import Part
from shoal.tasks.preprocessing import preprocessing
from shoal.tasks.unpacked import Unpacking

RECIPES = {
    "plain": {},
    "deep": {"depth": 3, "residual": True, "activation": "gelu"},
    "batch normalization and dropout": {"normalization": "batch_norm", "hyper": {"dropout.rate": 0.4}},
    "linear": {"depth": 0},
    "layer normalization and learned slopes": {"normalization": "layer_norm", "activation": "prelu"},
    "scaled branches": {"depth": 3, "residual": True, "initializer": "zero_residual"},
    "gates": {"normalization": "batch_norm", "activation": "swiglu"},
    "a shift for no channel": {"normalization": "rms_norm"},
    "directions and lengths": {"normalization": "weight_norm"},
    "branches": {"depth": 3, "residual": True, "hyper": {"stochastic_depth.rate": 0.4}},
    "images": {"network": "convnet", "width": 3},
}


@pytest.mark.parametrize("case", RECIPES)
def test_the_network_is_the_same_in_every_number(case, tmp_path):
    features = (1, 8, 8) if case == "images" else FEATURES
    described, module = contents(RECIPES[case], features=features)
    save(tmp_path / "new", described, weights_of(module))
    found = load(tmp_path / "new")
    x = torch.randn(50, *features)
    with torch.no_grad():
        logits = module.eval()(x)
    made = found.predict(x)
    np.testing.assert_allclose(made.probabilities, torch.softmax(logits.double(), 1), rtol=1e-6)
    assert made.values.tolist() == logits.argmax(1).tolist() and made.classes == (0, 1, 2)
    assert not any(one.requires_grad for one in found.network.parameters())


def test_a_results_folder_leads_to_its_artifact(tmp_path):
    saved(tmp_path / "run" / "artifact")
    assert locate(tmp_path / "run") == tmp_path / "run" / "artifact"
    assert len(load(tmp_path / "run").predict(np.zeros((4, *FEATURES)))) == 4


def test_classes_have_the_names_of_the_file_and_numbers_the_unit_of_the_target(tmp_path):
    for target, kind in (("kind", "classification"), ("price", "regression")):
        task, frame = table_task(tmp_path, target)
        described, module = contents({}, task=task)
        save(tmp_path / kind, described, weights_of(module))
        made = load(tmp_path / kind).predict(frame.drop("kind", "price"))
        x = preprocessing(task, 0)(frame).x
        with torch.no_grad():
            outputs = module.eval()(x)
        if kind == "regression":
            prepared = task.prepare(0)
            train = torch.tensor(frame["price"].to_numpy())[prepared.train]
            expected = outputs[:, 0].double() * prepared.scale + train.mean()
            np.testing.assert_allclose(made.values, expected, rtol=1e-6)
            assert made.probabilities is None
            assert list(made.columns()) == ["prediction"]
        else:
            names = np.array(["ash", "oak", "yew"])
            assert made.values.tolist() == names[outputs.argmax(1)].tolist()
            columns = ["prediction", "probability_ash", "probability_oak", "probability_yew"]
            assert list(made.columns()) == columns
            np.testing.assert_allclose(made.probabilities.sum(1), 1, rtol=1e-12)


def test_rows_are_predicted_alike_in_any_chunks_and_no_rows_give_none(tmp_path, monkeypatch):
    found = saved(tmp_path / "a")
    x = torch.randn(37, *FEATURES)
    whole = found.predict(x).probabilities
    monkeypatch.setattr("shoal.artifact.predict._NUMBERS", 1)
    np.testing.assert_allclose(found.predict(x).probabilities, whole, rtol=1e-4)
    assert found.predict(x[:0]).probabilities.shape == (0, 3)


def test_hyperparameters_inside_the_network_are_those_of_the_recipe(tmp_path):
    hyper = {"batch_norm.eps": 0.5}
    recipe = {"normalization": "batch_norm", "hyper": hyper}
    described, module = contents(recipe)
    save(tmp_path / "a", described, weights_of(module))
    other, _ = contents({**recipe, "hyper": {}})
    save(tmp_path / "b", other, weights_of(module))
    x = torch.randn(9, *FEATURES)
    one, two = (load(tmp_path / name).predict(x).probabilities for name in "ab")
    assert np.abs(one - two).max() > 1e-3


def test_own_network_needs_its_factory_and_says_so(tmp_path):
    described, module = contents({"network": "own"}, factory=own_network)
    save(tmp_path / "a", described, weights_of(module))
    with pytest.raises(UserError, match=r"weights of your own network and not its code.*none is named"):
        load(tmp_path / "a")
    found = load(tmp_path / "a", network=own_network)
    x = torch.randn(5, *FEATURES)
    with torch.no_grad():
        expected = torch.softmax(module.eval()(x).double(), 1)
    np.testing.assert_allclose(found.predict(x).probabilities, expected, rtol=1e-6)
    with pytest.raises(UserError, match=r"'0\.bias' has shape \[4\], stored is \[9\]"):
        load(tmp_path / "a", network=lambda: nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)))
    with pytest.raises(UserError, match=r"'1\.bias' is in the network but not stored"):
        load(tmp_path / "a", network=lambda: nn.Sequential(nn.Linear(6, 9), nn.Linear(9, 3)))
    with pytest.raises(UserError, match="the network's factory raised KeyError"):
        load(tmp_path / "a", network=lambda: {}["nothing"])


def test_a_network_of_several_inputs_is_loaded_as_the_users_own(tmp_path):
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(4, 3), nn.Linear(2, 3)

        def forward(self, left, right):
            return self.left(left) + self.right(right)

    layout = (Part("left", (4,), torch.float32), Part("right", (2,), torch.float32))
    packed = Unpacking(Sum, layout)
    described, module = contents({"network": "own"}, factory=packed)
    save(tmp_path / "a", described, weights_of(module))
    x = torch.randn(5, *FEATURES)
    loaded = load(tmp_path / "a", network=Sum)
    shares = torch.softmax(loaded.network(left=x[:, :4], right=x[:, 4:]).double(), 1)
    np.testing.assert_allclose(
        load(tmp_path / "a", network=packed).predict(x).probabilities, shares, rtol=1e-6
    )
    with pytest.raises(UserError, match=r"the network raised TypeError.*right"):
        loaded.predict(x)


def test_tied_weights_stay_tied(tmp_path):
    def tied():
        made = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6), nn.Linear(6, 3))
        made[2].weight = made[0].weight
        return made

    described, module = contents({"network": "own"}, factory=tied)
    save(tmp_path / "a", described, weights_of(module))
    found = load(tmp_path / "a", network=tied)
    assert found.network[0].weight is found.network[2].weight
    with torch.no_grad():
        expected = torch.softmax(module.eval()(torch.ones(2, 6)).double(), 1)
    np.testing.assert_allclose(found.predict(torch.ones(2, 6)).probabilities, expected, rtol=1e-6)


def test_code_that_the_artifact_names_runs_only_when_told(tmp_path):
    file = tmp_path / "task.py"
    file.write_text(
        "import pathlib, torch\nfrom torch import nn\n"
        f"pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
        "def make():\n    return nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 3))\n"
        "def task():\n    return torch.randn(60, 6), torch.arange(60) % 3, make\n"
    )
    described, module = contents({"network": "own"}, factory=own_network, source=f"{file}:task")
    save(tmp_path / "a", described, weights_of(module))
    with pytest.raises(UserError, match=r"own_code=True \(--own-code\) runs .*task.py:task"):
        load(tmp_path / "a")
    assert not (tmp_path / "ran").exists()
    x = torch.randn(5, *FEATURES)
    one = load(tmp_path / "a", own_code=True).predict(x)
    two = load(tmp_path / "a", network=f"{file}:task").predict(x)
    assert (tmp_path / "ran").exists()
    np.testing.assert_array_equal(one.probabilities, two.probabilities)


def test_an_own_activation_runs_only_when_told(tmp_path):
    gelu = catalogue.find("activation", "gelu")
    file = tmp_path / "mine.py"
    shutil.copy(gelu.__file__, file)
    described, module = contents({"activation": str(file)})
    save(tmp_path / "a", described, weights_of(module))
    with pytest.raises(UserError, match=r"mine\.py, a file of your own"):
        load(tmp_path / "a")
    assert len(load(tmp_path / "a", own_code=True).predict(np.zeros((2, *FEATURES)))) == 2


def edited(folder, **changes):
    """artifact.json with other values under dotted names ("recipe__width")."""
    file = folder / DESCRIPTION
    plain = json.loads(file.read_text())
    for name, value in changes.items():
        *path, last = name.split("__")
        place = plain
        for step in path:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    file.write_text(json.dumps(plain))


def replaced(folder, tensors):
    """Other weights, with their own checksum."""
    data = safetensors.torch.save(tensors)
    (folder / WEIGHTS).write_bytes(data)
    stated = json.loads((folder / DESCRIPTION).read_text())["files"]
    edited(folder, files={**stated, WEIGHTS: {"bytes": len(data), "sha256": digest(data)}})


def flipped(folder):
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-3] ^= 1
    (folder / WEIGHTS).write_bytes(data)


WRONG = {
    "empty text": (lambda a: (a / DESCRIPTION).write_text(""), "damaged"),
    "no object": (lambda a: (a / DESCRIPTION).write_text("[1]"), "no artifact of shoal"),
    "foreign": (lambda a: (a / DESCRIPTION).write_text('{"format": "zip"}'), "no artifact of shoal"),
    "binary": (lambda a: (a / DESCRIPTION).write_bytes(bytes(range(256))), "damaged"),
    "deep": (lambda a: (a / DESCRIPTION).write_text("[" * 100_000), "damaged"),
    "newer": (lambda a: edited(a, format=2), "format 2, this shoal reads format 1"),
    "huge text": (lambda a: (a / DESCRIPTION).write_bytes(b" " * (17 * 2**20)), "bytes"),
    "no weights": (lambda a: (a / WEIGHTS).unlink(), "weights.safetensors is missing"),
    "cut": (lambda a: (a / WEIGHTS).write_bytes((a / WEIGHTS).read_bytes()[:-5]), "bytes, not"),
    "a bit": (flipped, "not what was written"),
    "no recipe": (lambda a: edited(a, recipe=None), "recipe"),
    "a recipe of words": (lambda a: edited(a, recipe__width="wide"), "width"),
    "no such activation": (lambda a: edited(a, recipe__activation="spline"), "spline"),
    "no such network": (lambda a: edited(a, recipe__network="brain"), "brain"),
    "wider": (lambda a: edited(a, recipe__width=13), "has shape"),
    "a width beyond any memory": (lambda a: edited(a, recipe__width=10**9), "has shape"),
    "a depth without end": (lambda a: edited(a, recipe__depth=10**12), "tensors cannot be"),
    "a tensor more": (lambda a: replaced(a, {"x": torch.ones(2)}), "damaged|does not fit"),
    "other preprocessing": (lambda a: edited(a, preprocessing__form="pickle"), "pickle"),
    "other features": (lambda a: edited(a, features=["x"]), "damaged"),
    "no kind": (lambda a: edited(a, kind="poetry"), "poetry"),
    "nothing stated of a file": (lambda a: edited(a, files={}), "damaged"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_damaged_or_foreign_folder_is_refused_in_one_sentence(case, tmp_path):
    spoil, words = WRONG[case]
    saved(tmp_path / "a")
    spoil(tmp_path / "a")
    with pytest.raises(UserError, match=words) as caught:
        load(tmp_path / "a")
    assert str(tmp_path / "a") in str(caught.value) or case in ("other preprocessing", *UNKNOWN)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


UNKNOWN = ("no such activation", "no such network")


def test_a_folder_without_artifact_is_told_from_none(tmp_path):
    with pytest.raises(UserError, match="holds no artifact"):
        load(tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        load(tmp_path / "nowhere")


def test_a_network_given_for_a_built_in_one_is_told(tmp_path):
    saved(tmp_path / "a")
    with pytest.raises(UserError, match="takes no network"):
        load(tmp_path / "a", network=own_network)


def test_rows_of_another_shape_and_frames_that_lack_a_column_are_told(tmp_path):
    with pytest.raises(UserError, match=r"\[5\].*\[6\]"):
        saved(tmp_path / "a").predict(np.zeros((3, 5)))
    task, frame = table_task(tmp_path, "kind")
    described, module = contents({}, task=task)
    save(tmp_path / "b", described, weights_of(module))
    with pytest.raises(UserError, match="'size'"):
        load(tmp_path / "b").predict(frame.drop("size"))
    shuffled = frame.select(reversed(frame.columns)).with_columns(extra=pl.lit(1))
    one, two = (load(tmp_path / "b").predict(given) for given in (frame, shuffled))
    np.testing.assert_array_equal(one.probabilities, two.probabilities)
    strange = frame.with_columns(color=pl.lit("mauve"))
    assert "mauve" in " ".join(load(tmp_path / "b").predict(strange).notes)
