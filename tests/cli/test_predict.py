"""From the command line to predictions, and wrong input told in one sentence before anything is written."""

import json
import os

import numpy as np
import polars as pl
import pytest

from artifact.made import contents, own_network, table_task, weights_of
from shoal.artifact.load import load
from shoal.artifact.save import save
from shoal.cli import main


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """The current folder: a results folder with an artifact, another for numbers, and rows to predict."""
    monkeypatch.chdir(tmp_path)
    task, frame = table_task(tmp_path, "kind")
    described, module = contents({}, task=task)
    save(tmp_path / "run" / "artifact", described, weights_of(module))
    task, _ = table_task(tmp_path, "price")
    described, module = contents({}, task=task)
    save(tmp_path / "prices", described, weights_of(module))
    described, module = contents({"network": "own"}, factory=own_network)
    save(tmp_path / "mine", described, weights_of(module))
    new = frame.drop("kind", "price").sample(40, seed=1)
    new.write_csv("new.csv")
    new.write_parquet("new.parquet")
    new.drop("color").write_csv("less.csv")
    new.with_columns(size=pl.lit("large")).write_csv("words.csv")
    new.with_columns(color=pl.lit("mauve")).write_csv("mauve.csv")
    (tmp_path / "empty").mkdir()
    return new


def shown(line, capsys, code=0):
    assert main.run(line.split()) == code
    return capsys.readouterr()


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_predictions_are_written_in_the_order_of_the_rows(ending, rows, capsys):
    out = shown(f"predict run new.csv --out p.{ending}", capsys).out
    assert out == ""
    read = {
        "csv": pl.read_csv,
        "tsv": lambda file: pl.read_csv(file, separator="\t"),
        "parquet": pl.read_parquet,
    }
    found = read[ending](f"p.{ending}")
    made = load("run").predict(rows)
    assert found["prediction"].to_list() == made.values.tolist()
    for name, column in zip(("ash", "oak", "yew"), made.probabilities.T, strict=True):
        np.testing.assert_allclose(found[f"probability_{name}"].to_numpy(), column, rtol=1e-12)
    assert not [name for name in os.listdir() if "partial" in name]


def test_without_a_file_they_go_to_stdout(rows, capsys):
    lines = shown("predict prices new.parquet", capsys).out.splitlines()
    assert lines[0] == "prediction" and len(lines) == 41
    np.testing.assert_allclose([float(one) for one in lines[1:]], load("prices").predict(rows).values)


def test_json_holds_all_of_it(rows, capsys):
    told = shown("predict run mauve.csv --json -", capsys)
    found = json.loads(told.out)
    assert found["classes"] == ["ash", "oak", "yew"] and len(found["predictions"]) == 40
    assert len(found["probabilities"][0]) == 3 and "mauve" in found["notes"][0]
    assert "mauve" in told.err and told.err.count("\n") == 1
    shown("predict prices new.csv --json p.json", capsys)
    with open("p.json") as file:
        numbers = json.load(file)
    assert numbers["classes"] is None and numbers["probabilities"] is None
    assert numbers["predictions"] == load("prices").predict(rows).values.tolist()


def test_the_latest_network_of_the_folder_is_the_default(rows, capsys):
    save_to = "shoal-results/2020-01-01_new_train"
    os.makedirs("shoal-results")
    os.rename("prices", save_to)
    assert shown("predict new.csv", capsys).out.splitlines()[0] == "prediction"


WRONG = [
    ("predict run", ["run is a run and no data; name both", "shoal predict run new.csv"]),
    ("predict run a b", ["not 3"]),
    ("predict nowhere new.csv", ["there is no folder nowhere"]),
    ("predict empty new.csv", ["empty holds no artifact", "shoal compare"]),
    ("predict new.csv", ["no run in shoal-results/"]),
    ("predict run gone.csv", ["gone.csv"]),
    ("predict run less.csv", ["'color'"]),
    ("predict run words.csv", ["'size'", "numbers", "'large'"]),
    ("predict run new.csv --out nowhere/p.csv", ["--out nowhere/p.csv cannot be written"]),
    ("predict run new.csv --out empty", ["--out empty cannot be written"]),
    ("predict run new.csv --out p.xlsx", ["p.xlsx", ".parquet"]),
    ("predict run new.csv --json empty", ["--json empty cannot be written"]),
    ("predict mine new.csv", ["own network", "load(folder, network=...)"]),
    ("predict run new.csv --fast", ["'--fast'"]),
]


@pytest.mark.parametrize(("line", "words"), WRONG, ids=[line for line, _ in WRONG])
def test_wrong_input_is_one_sentence_and_writes_nothing(line, words, rows, capsys):
    before = sorted(os.listdir())
    told = shown(line, capsys, code=2)
    assert told.out == "" and told.err.startswith("shoal: ") and told.err.count("\n") == 1
    for word in words:
        assert word in told.err
    assert sorted(os.listdir()) == before


def test_what_cannot_be_written_is_told_before_the_rows_are_read(rows, capsys, monkeypatch):
    monkeypatch.setattr("shoal.experiments.take_home.load", None)
    assert "cannot be written" in shown("predict run new.csv --out nowhere/p.csv", capsys, code=2).err
