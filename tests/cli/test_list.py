"""``shoal list`` shows what there is, and nothing is listed by hand."""

import json

import pytest

from shoal import catalogue
from shoal.cli import main
from shoal.experiments.axes import AXES
from shoal.store.record import Record
from shoal.tasks.load import names


def _json(capsys, *arguments):
    assert main.run(["list", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def _first_words(capsys, *arguments):
    assert main.run(["list", *arguments]) == 0
    return [line.split()[0] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_techniques_of_a_kind(kind, capsys):
    assert _first_words(capsys, kind) == list(catalogue.names(kind))
    assert _json(capsys, kind) == json.loads(json.dumps(catalogue.describe(kind)))


def test_all_techniques_stand_under_their_kinds(capsys):
    expected = [word for kind in catalogue.kinds() for word in (kind, *catalogue.names(kind))]
    assert _first_words(capsys) == expected


def test_tasks_and_axes(capsys):
    assert {row["name"]: row["summary"] for row in _json(capsys, "tasks")} == names()
    assert _first_words(capsys, "axes") == list(AXES)


def test_runs_that_are_there_and_runs_that_cannot_be_read(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _first_words(capsys, "runs") == ["no"]
    for name in ("one", "two"):
        (tmp_path / "shoal-results" / name).mkdir(parents=True)
    with Record(tmp_path / "shoal-results" / "one") as record:
        record.write_plan({"task": "wine", "axis": "optimizer"})
    (tmp_path / "shoal-results" / "two" / "record.sqlite").write_bytes(b"this is no database")
    rows = {row["name"]: row for row in _json(capsys, "runs")}
    one, two = rows["shoal-results/one"], rows["shoal-results/two"]
    assert (one["task"], one["axis"], one["networks_trained"], one["state"]) == (
        "wine",
        "optimizer",
        0,
        "unfinished",
    )
    assert two["problem"] and two["summary"] == two["problem"]
