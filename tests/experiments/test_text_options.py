"""What is said of text reaches the task from Python, the command line and plan.toml."""

import numpy as np
import polars as pl
import pytest

import shoal
from shoal.cli import main
from shoal.errors import UserError
from shoal.experiments import plan_file, planning, request
from shoal.experiments.request import Request

WORDS = np.random.RandomState(0).choice(["red", "green", "blue"], (60, 2))


@pytest.fixture
def file(tmp_path, monkeypatch):
    """title: two words; label: their number modulo 2."""
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"title": [" ".join(row) for row in WORDS], "label": np.arange(60) % 2}).write_csv("t.csv")
    return "t.csv"


def test_a_plan_holds_what_was_said_of_text(file, tmp_path):
    asked = Request(task=file, target="label", text=("title",), length=1, vary="optimizer=adam,sgd")
    task = request.task_of(asked)
    assert (task.features, task.vocabulary) == ((1,), 2 + 3)
    what = planning.compared(task, asked)
    (tmp_path / "plan.toml").write_text(plan_file.text_of(asked, what, planning.plan_of(task, asked, what)))
    kept = plan_file.read(tmp_path / "plan.toml")
    assert list(kept.text) == ["title"] and kept.length == 1
    assert request.task_of(kept).fingerprint == task.fingerprint
    with pytest.raises(UserError, match=r"holds another comparison: .*fingerprint"):
        plan_file.chosen(
            Request(task=file, target="label", text=("title",), length=2), tmp_path / "plan.toml"
        )


def test_one_column_may_be_named_by_itself(file):
    asked = {"target": "label", "text": "title", "vary": "width=4,8", "work": 10}
    assert "the text of 'title'" in " ".join(shoal.compare(file, **asked).notes)
    assert request.columns("title") == request.columns(["title"]) == ("title",)
    with pytest.raises(UserError, match="there is only the target"):
        shoal.compare(file, target="label", ignore="title", vary="width=4,8", work=10)


def test_wrong_options_are_told_before_anything_is_trained(file, capsys):
    for options, said in (
        ("--text titel", "there is no column of text 'titel'; did you mean 'title'?"),
        ("--text title --length 0", "length 0 is no number of tokens"),
        ("--length 5", "length 5 is for text, but no column's cells are like sentences"),
    ):
        for command in ("compare", "train"):
            assert main.run(f"{command} t.csv --target label {options}".split()) == 2
            assert f"shoal: t.csv: {said}" in capsys.readouterr().err
    assert main.run(["compare", "digits", "--text", "title"]) == 2
    assert "takes no text" in capsys.readouterr().err
