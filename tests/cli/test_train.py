"""``shoal train``: from a recipe to a saved network, and wrong input told before training."""

import json
import os
from pathlib import Path

import pytest

from artifact.made import table_task
from shoal.artifact.load import load
from shoal.cli import main
from shoal.experiments.recipes import from_toml

OWN = """
import torch
from torch import nn

def make():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))

def task():
    x = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0] > 0).long(), make
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder: a table, an own network, a recipe."""
    monkeypatch.chdir(tmp_path)
    table_task(tmp_path, "kind")
    Path("own.py").write_text(OWN)
    Path("recipe.toml").write_text("width = 8\nepochs = 2\nadam.lr = 0.01\n")
    Path("wrong.toml").write_text("wdith = 8\n")
    Path("taken").mkdir()
    Path("taken/thesis.txt").write_text("do not touch")
    return tmp_path


def shown(line, capsys, code=0):
    found = main.run(line.split())
    told = capsys.readouterr()
    assert found == code, told.err
    return told


def test_a_network_is_trained_by_a_recipe_and_saved(folder, capsys):
    told = shown("train kind.csv --target kind --recipe recipe.toml --seed 3 --out new", capsys)
    found = load("new")
    recipe = from_toml("new/recipe.toml")
    assert (recipe.width, recipe.epochs, dict(recipe.hyper)) == (8, 2.0, {"adam.lr": 0.01})
    assert found.contents.provenance["seed"] == 3
    assert f"{found.contents.measured['test_score']:.4f}" in told.out and "saved: new" in told.out
    again = json.loads(shown("train kind.csv --target kind --recipe new --out b --json -", capsys).out)
    assert (
        again["folder"] == "b" and again["seed"] == 0 and again["steps"] == found.contents.measured["steps"]
    )
    assert from_toml("b/recipe.toml") == recipe


def test_without_a_folder_it_goes_to_the_results_and_predict_finds_it(folder, capsys):
    shown("train kind.csv --target kind --recipe recipe.toml --verbose", capsys)
    (home,) = Path("shoal-results").iterdir()
    assert home.name.endswith("_kind_train") and load(home)
    assert shown("predict kind.csv", capsys).out.startswith("prediction,probability_ash")


def test_own_network_comes_back_with_its_code(folder, capsys):
    shown("train own.py:task --out new", capsys)
    with pytest.raises(ValueError, match=r"own_code=True"):
        load("new")
    assert load("new", own_code=True).contents.network_source == "own.py:task"


def test_a_split_by_groups_is_that_of_a_comparison(folder, capsys):
    shown("train kind.csv --target kind --group size --recipe epochs=1 --out a", capsys)
    assert [one["name"] for one in columns_of("a")] == ["color"]


def columns_of(artifact):
    """The columns that a saved network learned from."""
    return json.loads(Path(artifact, "artifact.json").read_text())["preprocessing"]["settings"]["columns"]


def test_verbose_shows_the_diagnosis(folder, capsys):
    plain = shown("train kind.csv --target kind --recipe recipe.toml --out a", capsys).out
    told = shown("train kind.csv --target kind --recipe recipe.toml --out b --verbose", capsys).out
    assert "sensitivity" in told and "taken for" in told and "confidence: off by" in told
    assert "taken for" not in plain and "confidence: off by" not in plain


WRONG = [
    ("train digitz", ["'digitz'", "did you mean 'digits'?"]),
    ("train kind.csv", ["--target"]),
    ("train kind.csv --target cost", ["'cost'", "kind"]),
    ("train digits --recipe nowhere.toml", ["nowhere.toml"]),
    ("train digits --recipe wrong.toml", ["wrong.toml", "wdith", "width"]),
    ("train digits --recipe wdith=8", ["wdith", "width"]),
    ("train digits --recipe taken", ["taken holds no artifact"]),
    ("train digits --seed -1", ["-1"]),
    ("train digits --out taken", ["taken is not empty"]),
    ("train digits --out kind.csv", ["kind.csv is a file"]),
    ("train digits --json taken", ["--json taken cannot be written"]),
    ("train digits --device quantum", ["'quantum'"]),
    ("train digits --metric beauty", ["'beauty'", "accuracy"]),
    ("train digits --recipe adam.lr=1e30", ["diverged"]),
]


@pytest.mark.parametrize(("line", "words"), WRONG, ids=[line for line, _ in WRONG])
def test_wrong_input_is_one_sentence_and_writes_nothing(line, words, folder, capsys):
    before = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    told = shown(line, capsys, code=2)
    assert told.out == ""
    assert told.err.splitlines()[-1].startswith("shoal: ")
    for word in words:
        assert word in told.err.splitlines()[-1]
    after = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    assert after - before <= {folder / "shoal-results"}


def test_ctrl_c_leaves_nothing(folder, capsys, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("shoal.experiments.take_home.fit", interrupt)
    assert shown("train digits", capsys, code=130).err.splitlines()[-1] == "shoal: interrupted"
    assert os.listdir("shoal-results") == []
