"""From the command line to a result on real data, with few member-steps."""

import csv
import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from shoal.cli import main
from shoal.experiments.plan import JUDGES
from shoal.store.record import Record

SHOAL = str(Path(sys.executable).parent / "shoal")
SMALL = ["compare", "wine", "--vary", "optimizer=adam,sgd", "--work", "4000", "--seeds", "2"]

KEYS = {
    "task", "metric", "higher_is_better", "judge", "axis", "baseline", "budget_seconds", "seconds",
    "networks_trained", "member_steps", "loop_seconds_estimate", "alpha", "margin", "forecast", "arms",
}  # fmt: skip
ARM_KEYS = {
    "name", "hyper", "search_space", "seeds", "scores", "mean", "interval", "difference",
    "difference_interval", "probability_of_improvement", "p_corrected", "train_loss", "steps",
    "time_seconds", "gap", "diverged", "verdict",
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One small comparison with its streams, its JSON file and its folder."""
    folder = tmp_path_factory.mktemp("small")
    command = [SHOAL, *SMALL, "--out", "out", "--json", "result.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return folder, done


def test_the_table_names_both_arms_and_the_record(small):
    folder, done = small
    rows = [line.split() for line in done.stdout.splitlines()]
    assert {"adam", "sgd"} <= {row[0] for row in rows if row}
    assert "networks trained in" in done.stdout.splitlines()[-1]
    assert (folder / "out" / "record.sqlite").is_file()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_progress_stands_on_stderr_without_a_traceback(small):
    _, done = small
    assert "member-steps/s" in done.stderr
    assert all(line.startswith("shoal: ") for line in done.stderr.splitlines())


def test_the_json_result_has_the_promised_keys(small):
    folder, _ = small
    result = json.loads((folder / "result.json").read_text())
    assert set(result) >= KEYS
    assert [ARM_KEYS - set(arm) for arm in result["arms"]] == [set(), set()]
    assert result["task"] == "wine"
    assert {arm["name"]: len(arm["scores"]) for arm in result["arms"]} == {"adam": 2, "sgd": 2}
    assert {arm["verdict"] for arm in result["arms"]} == {"baseline", "undecided"}


def test_the_same_command_again_gives_the_recorded_result_as_json_alone(small, monkeypatch, capsys):
    folder, _ = small
    monkeypatch.chdir(folder)
    assert main.run([*SMALL, "--out", "out", "--json", "-"]) == 0
    first = json.loads((folder / "result.json").read_text())
    assert json.loads(capsys.readouterr().out)["arms"] == first["arms"]


def test_a_folder_with_a_run_is_not_written_over(small, monkeypatch, capsys):
    folder, _ = small
    monkeypatch.chdir(folder)
    assert main.run([*SMALL, "--out", "out", "--resume", "never"]) == 2
    assert main.run([*SMALL[:-1], "3", "--out", "out"]) == 2
    assert capsys.readouterr().err.count("\n") == 2
    with Record(folder / "out", write=False) as record:
        assert record.verdict() == json.loads((folder / "result.json").read_text())


def test_ctrl_c_keeps_and_reports_what_is_finished(tmp_path):
    command = [
        SHOAL,
        "compare",
        "wine",
        "--vary",
        "optimizer=adam,sgd",
        "--budget",
        "30s",  # far more than is used: it must not be over before the interrupt comes
        "--json",
        "r.json",
    ]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "judging" in line and " 0 networks" not in line:
                break
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in out
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["interrupted"] is True
    assert result["networks_trained"] > 0


def test_the_folder_holds_the_plan_and_the_raw_numbers(small):
    folder, _ = small
    result = json.loads((folder / "result.json").read_text())
    plan = tomllib.loads((folder / "out" / "plan.toml").read_text())
    assert (plan["task"], plan["work"], plan["seeds"]) == ("wine", 4000, 2)
    assert plan["vary"] == {"optimizer": ["adam", "sgd"]}
    with open(folder / "out" / "scores.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for arm in result["arms"]:
        mine = [row for row in rows if row["arm"] == arm["name"]]
        assert [float(row["accuracy"]) for row in mine] == arm["scores"]
        assert all(0 <= float(row["f1"]) <= 1 and float(row["log_loss"]) > 0 for row in mine)
    with open(folder / "out" / "curves.csv", newline="") as file:
        curve = [row for row in csv.DictReader(file) if (row["arm"], row["seed"]) == ("adam", "0")]
    steps = [int(row["step"]) for row in curve]
    assert steps == sorted(set(steps)) and len(steps) == 10
    assert all(float(row["loss"]) > 0 and 0 <= float(row["score"]) <= 1 for row in curve)


def test_the_plan_of_a_folder_gives_the_same_numbers_again(small, capsys):
    folder, _ = small
    first = json.loads((folder / "result.json").read_text())
    plan = str(folder / "out" / "plan.toml")
    assert main.run(["compare", "--plan", plan, "--out", str(folder / "again"), "--json", "-"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert second["plan_hash"] == first["plan_hash"]
    for arm, other in zip(first["arms"], second["arms"], strict=True):
        assert arm["scores"] == other["scores"] and arm["hyper"] == other["hyper"]


def test_whole_recipes_are_compared_on_a_table(tmp_path, capsys):
    table = "a,b,group,y\n" + "".join(f"{n % 11},{n % 7 / 3},{n // 9},{n % 3}\n" for n in range(180))
    (tmp_path / "t.csv").write_text(table)
    (tmp_path / "start.toml").write_text("width = 8\ndepth = 1\n")
    command = ["compare", str(tmp_path / "t.csv"), "--target", "y", "--kind", "classification"]
    command += [
        "--ignore",
        "b",
        "--group",
        "group",
        "--metric",
        "f1",
        "--recipe",
        str(tmp_path / "start.toml"),
    ]
    command += ["--arm", "plain=optimizer=sgd lr=0.1", "--arm", "tuned=regularizer=dropout lr=auto"]
    command += [
        "--work",
        "9000",
        "--trials",
        "4",
        "--seeds",
        "2",
        "--out",
        str(tmp_path / "o"),
        "--json",
        "-",
    ]
    assert main.run(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["metric"], result["baseline"], result["axis"]) == ("f1", "plain", "recipe")
    plain, tuned = result["arms"]
    assert plain["hyper"]["sgd.lr"] == 0.1 and set(plain["search_space"]) == {"l2.coefficient"}
    assert set(tuned["search_space"]) == {"adam.lr", "l2.coefficient", "dropout.rate"}
    with Record(tmp_path / "o", write=False) as record:
        arms = record.plan()["arms"]
    assert {(arm["recipe"]["width"], arm["recipe"]["depth"]) for arm in arms} == {(8, 1)}


def test_help_names_every_judge(capsys):
    assert main.run(["compare", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for judge in JUDGES:
        assert judge in shown
