"""Where a run goes: every combination of --out and --resume, and the list of runs."""

import os
import re

import pytest

from shoal.errors import UserError
from shoal.store.folders import RUNS, latest_run, list_runs, results_folder
from shoal.store.record import Record
from shoal.store.schema import RECORD_NAME


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run_in(folder, **plan):
    folder.mkdir(parents=True, exist_ok=True)
    with Record(folder) as record:
        record.write_plan(plan)
    return folder


def test_without_out_every_run_gets_a_folder_of_its_own():
    first, second = (results_folder(None, "auto", "data/my table.csv", "batch_size") for _ in range(2))
    assert first != second and first.is_dir() and second.is_dir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_my-table_batch-size", first.name)
    assert first.parent == RUNS


@pytest.mark.parametrize(("task", "part"), [("../../etc", "etc"), ("..", "run"), ("m.py:f", "m.py-f")])
def test_a_tasks_name_cannot_lead_elsewhere(task, part):
    folder = results_folder(None, "never", task, "lr")
    assert folder.resolve().parent == RUNS.resolve() and folder.name.endswith(f"_{part}_lr")


def test_must_without_out_takes_the_latest_run(tmp_path):
    with pytest.raises(UserError, match="no run in shoal-results"):
        results_folder(None, "must", "wine", "lr")
    run_in(RUNS / "b-first")
    run_in(RUNS / "a-second")
    (RUNS / "c-never-begun").mkdir()
    assert results_folder(None, "must", "wine", "lr") == RUNS / "a-second" == latest_run()


@pytest.mark.parametrize("resume", ["auto", "never"])
def test_a_new_or_empty_folder_is_taken(tmp_path, resume):
    assert results_folder(tmp_path / "deep" / "new", resume, "wine", "lr").is_dir()
    assert results_folder(tmp_path / "deep" / "new", resume, "wine", "lr").is_dir()


def test_a_folder_with_a_run(tmp_path):
    folder = run_in(tmp_path / "run")
    assert results_folder(folder, "auto", "wine", "lr") == folder
    assert results_folder(folder, "must", "wine", "lr") == folder
    with pytest.raises(UserError, match="holds a run already"):
        results_folder(folder, "never", "wine", "lr")


def test_must_without_a_run_there(tmp_path):
    for folder in (tmp_path / "absent", tmp_path):
        with pytest.raises(UserError, match="no run in"):
            results_folder(folder, "must", "wine", "lr")
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("resume", ["auto", "never"])
def test_a_folder_with_something_else_is_left_alone(tmp_path, resume):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(UserError, match="not empty"):
        results_folder(tmp_path, resume, "wine", "lr")
    assert [file.name for file in tmp_path.iterdir()] == ["photo.jpg"]


def test_out_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        results_folder(tmp_path / "file", "auto", "wine", "lr")
    with pytest.raises(UserError, match="not writable"):
        results_folder(tmp_path / "file" / "below", "auto", "wine", "lr")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder(tmp_path):
    folder = run_in(tmp_path / "run")
    folder.chmod(0o555)
    with pytest.raises(UserError, match="not writable"):
        results_folder(folder, "auto", "wine", "lr")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_a_file_system_that_takes_no_files():
    from pathlib import Path

    with pytest.raises(UserError, match="not writable"):
        results_folder(Path("/proc/shoal"), "auto", "wine", "lr")


def test_an_unknown_way_to_resume(tmp_path):
    with pytest.raises(UserError, match="did you mean 'must'"):
        results_folder(tmp_path, "mst", "wine", "lr")


def test_runs_are_listed_with_their_state(tmp_path):
    run_in(RUNS / "z", task="wine")
    with Record(run_in(RUNS / "a", task="digits")) as record:
        record.write_verdict({"arms": []})
        (RUNS / "damaged").mkdir()
        (RUNS / "damaged" / RECORD_NAME).write_text("hello " * 1000)
        (RUNS / "not-a-run").mkdir()
        damaged, first, second = list_runs()
    assert (first.folder.name, first.plan, first.finished, first.active) == (
        "z",
        {"task": "wine"},
        False,
        False,
    )
    assert (second.folder.name, second.finished, second.active) == ("a", True, True)
    assert "no shoal record" in damaged.problem and not first.problem
    assert latest_run().name == "a"


def test_no_runs_at_all(tmp_path):
    assert list_runs() == []
