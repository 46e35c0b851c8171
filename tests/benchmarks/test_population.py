"""The population benchmark runs and writes the record it promises. Speed itself is never asserted."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from shoal.artifact.network import build

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "population.py"), *arguments]
    # Traced graphs: building packages takes a minute and is tested where it is done.
    environment = {**os.environ, "SHOAL_COMPILE": "0"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark") / "record"
    arguments = ["--shapes", "tiny", "--rounds", "1", "--seconds", "0.3", "--members", "8"]
    done = _run(*arguments, "--out", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder


def test_a_record_holds_plan_machine_raw_numbers_and_verdict(record):
    result, folder = record
    assert sorted(file.name for file in folder.iterdir()) == [
        "machine.json",
        "plan.json",
        "raw.json",
        "verdict.md",
    ]
    assert json.loads((folder / "plan.json").read_text()) == result["plan"]
    assert json.loads((folder / "raw.json").read_text()) == result["raw"]
    described = json.loads((folder / "machine.json").read_text())
    assert {"cpu", "cores", "flags", "memory_gib", "python", "torch", "jax", "compiler"} < described.keys()
    assert {"commit", "uncommitted_changes", "load_average"} < described.keys()


def test_every_way_that_is_installed_was_measured_in_every_round(record):
    result, _ = record
    installed = {"ours", "loops"} | ({"jax"} if importlib.util.find_spec("jax") else set())
    assert set(result["plan"]["ways"]) == installed
    assert ("jax" in result["plan"]["skipped"]) == ("jax" not in installed)
    measured = [one for one in result["raw"] if one["round"] == 1]
    assert {one["way"] for one in measured} == installed
    assert all(one["member_steps_per_second"] > 0 for one in measured)
    assert all("no_answer" not in one for one in result["raw"])


def test_ours_trains_all_members_and_says_how(record):
    result, _ = record
    ours = next(one for one in result["raw"] if one["way"] == "ours" and one["round"] == 1)
    assert sum(ours["shards"]) == 8
    assert ours["compiled"] is False


def test_a_record_is_never_overwritten(record):
    _, folder = record
    before = (folder / "raw.json").read_bytes()
    done = _run("--out", str(folder))
    assert done.returncode != 0
    assert "not empty" in done.stderr
    assert (folder / "raw.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seconds", "0"], "--seconds is 0.0; it must be above 0"),
        (["--jax-python", "/no/such/python"], "cannot import jax"),
        (["--shapes", "huge"], "'huge'"),
    ],
)
def test_wrong_input_is_answered_in_a_sentence(arguments, said):
    done = _run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]


@pytest.fixture
def population(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("population_benchmark", BENCHMARKS / "population.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("shape", ["gru", "transformer"])
def test_torchs_networks_for_texts_have_the_sizes_of_ours(population, monkeypatch, shape):
    monkeypatch.syspath_prepend(str(BENCHMARKS / "anchors"))
    workload = population.SHAPES[shape]
    theirs = importlib.import_module("texts").network(workload)
    made = importlib.import_module("ours")._jobs({**workload, "members": 1})[0].recipe
    ours = build(made, tuple(workload["features"]), workload["classes"], vocabulary=workload["vocabulary"])
    assert theirs(torch.ones(2, *workload["features"], dtype=torch.long)).shape == (2, workload["classes"])

    def matrices(module):
        return sorted(tuple(value.shape) for value in module.parameters() if value.ndim > 1)

    assert matrices(theirs) == matrices(ours)


def test_a_way_that_was_not_asked_is_no_way_without_an_answer(population):
    raw = [{"shape": "gru", "way": "ours", "round": 1, "member_steps_per_second": 5.0}]
    raw += [{"shape": "conv", "way": "jax", "round": 1, "no_answer": True}]
    plan = {"ways": ["ours", "jax"], "skipped": {}, "members": 1, "cores": 1, "rounds": 1, "seconds": 1}
    page = population._page({**plan, "command": ""}, population.summarize(raw))
    assert "| gru | 5 | – | – |" in page and "| conv | – | no answer | – |" in page


def test_ratios_are_taken_within_a_round(population):

    def measured(way, number, rate):
        return {"shape": "tiny", "way": way, "round": number, "member_steps_per_second": rate}

    ours, loops = [(1, 130.0), (2, 60.0), (3, 14.0)], [(1, 10.0), (2, 5.0), (3, 1.0)]
    raw = [{"shape": "tiny", "way": "ours", "round": 0, "build_seconds": 30.0}]
    raw += [measured("ours", *one) for one in ours] + [measured("loops", *one) for one in loops]
    raw += [{"shape": "tiny", "way": "jax", "round": 1, "no_answer": True}]
    found = population.summarize(raw)["tiny"]
    # The ratio of medians would be 60 / 5 = 12.
    assert found["against"]["loops"] == {
        "ratios": [13.0, 12.0, 14.0],
        "median": 13.0,
        "required": 12.0,
        "met": True,
    }
    assert found["member_steps_per_second"] == {"ours": 60.0, "loops": 5.0, "jax": None}
    assert found["against"]["jax"]["met"] is None
