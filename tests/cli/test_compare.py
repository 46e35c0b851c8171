"""From the command line to a result on real data, with few member-steps."""

import json
import os
import signal
import subprocess
import sys
import time
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
        "15s",
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
        time.sleep(1.0)
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in out
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["interrupted"] is True
    assert result["networks_trained"] > 0


def test_help_names_every_judge(capsys):
    assert main.run(["compare", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for judge in JUDGES:
        assert judge in shown
