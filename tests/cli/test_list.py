"""``shoal list`` shows what there is, and nothing is listed by hand."""

import json
import re

import pytest

from shoal import catalogue
from shoal.cli import main
from shoal.experiments.axes import listed
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


@pytest.mark.parametrize("kind", catalogue.STEPPED)
def test_what_a_step_costs_stands_beside_the_techniques_that_make_it(kind, capsys, monkeypatch):
    first, *others = catalogue.names(kind)
    monkeypatch.setattr(catalogue, "_times", lambda: {kind: {first: 1.44}})
    assert main.run(["list", kind]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f", 1.4× {catalogue.STEPPED[kind]}  " in lines[0]
    assert len({line.index("evaluation") for line in lines}) == 1
    assert all(re.search(r"\d evaluations?, \d numbers?, –  ", line) for line in lines[1:])
    times = [row["relative_time"] for row in _json(capsys, kind)]
    assert times == [1.44, *(None for _ in others)]


def test_tree_of_the_optimizers_begins_with_cauchy(capsys):
    assert main.run(["list", "optimizer", "--tree"]) == 0
    lines = capsys.readouterr().out.splitlines()
    summary = catalogue.find("optimizer", "gradient_descent").CARD.summary
    assert lines[0].split("  ", 1)[1].split("  ")[0] == "gradient_descent (1847)" and summary in lines[0]
    assert lines[1][2:].lstrip("├└─ ").startswith("sgd (1951)")
    assert all(line[2] in "├│└ " for line in lines[1:])
    assert len(lines) == len(catalogue.names("optimizer"))


def test_trees_of_all_kinds_stand_under_their_kinds(capsys):
    assert main.run(["list", "--tree"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert tuple(line for line in lines if not line.startswith(" ")) == catalogue.kinds()
    assert len(lines) == len(catalogue.kinds()) + len(catalogue.describe())


def test_tree_as_json_holds_every_card_nested(capsys):
    def flat(nodes):
        for node in nodes:
            children = node.pop("children")
            assert [(one["kind"], one["parent"]) for one in children] == [
                (node["kind"], node["name"]) for _ in children
            ]
            yield node
            yield from flat(children)

    everything = sorted(flat(_json(capsys, "--tree")), key=lambda row: (row["kind"], row["name"]))
    assert everything == json.loads(json.dumps(catalogue.describe()))
    (root,) = _json(capsys, "optimizer", "--tree")
    assert root["name"] == "gradient_descent" and root["children"][0]["year"] == 1951


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["tasks", "--tree"],
            "tasks do not descend from one another, so there is no tree of them: leave out",
        ),
        (["optimiser", "--tree"], "there is no list 'optimiser'; did you mean 'optimizer'? there are: "),
    ],
)
def test_wrong_tree_is_one_sentence(arguments, said, capsys):
    assert main.run(["list", *arguments]) == main.WRONG_INPUT
    printed = capsys.readouterr()
    assert printed.out == "" and said in printed.err and len(printed.err.splitlines()) == 1


def test_tasks_and_axes(capsys):
    assert {row["name"]: row["summary"] for row in _json(capsys, "tasks")} == names()
    assert _json(capsys, "axes") == listed()
    assert _first_words(capsys, "axes") == [row["name"] for row in listed()]


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
