"""shoal report, from a real run on a table whose folder, cells and class names are nobody's business."""

import csv
import io
import random

import pytest

from shoal.cli.main import run
from shoal.store.record import Record

SECRETS = ("topsecret", "zebra", "wombat", "classified", "#junk#")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with one run in shoal-results, made by the command line."""
    folder = tmp_path_factory.mktemp("work")
    data = folder / "topsecret place" / "patients.csv"
    data.parent.mkdir()
    chance = random.Random(0)
    lines = ["age,animal,diagnosis"]
    for row in range(120):
        sick, age = row % 2, "#junk#" if row == 7 else f"{chance.gauss(50 + 20 * (row % 2), 5):.1f}"
        lines.append(f"{age},{chance.choice(['zebra', 'wombat'])},{'classified' if sick else 'healthy'}")
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        options = ["--target", "diagnosis", "--vary", "optimizer=adam,sgd", "--work", "1500", "--seeds", "2"]
        assert run(["compare", str(data), *options, "--trials", "4"]) == 0
    (results,) = (folder / "shoal-results").iterdir()
    return folder, results


@pytest.fixture
def here(runs, monkeypatch):
    """Standing where the run was made; the run's results folder."""
    monkeypatch.chdir(runs[0])
    return runs[1]


def test_a_comparison_ends_with_its_report(runs, capsys):
    text = (runs[1] / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "<h1>patients</h1>" in text
    with Record(runs[1], write=False) as record:
        tuned = [
            one.details["hyper"] for one in record.outcomes().values() if one.name.startswith("tune/sgd")
        ]
        assert all("sgd.lr" in point for point in tuned)
        assert len({point["sgd.lr"] for point in tuned}) >= 4, "every trial's own"
        assert record.choice("machine")["versions"]["torch"].startswith("2.")
    assert text.count('class="plot small"') == 2, "a sensitivity plot for either arm"
    assert text.count('class="ring"') == 2


def test_no_value_and_no_folder_of_the_data_is_in_it(here, capsys):
    with Record(here, write=False) as record:
        notes = " ".join(record.notes() + record.verdict()["notes"])
        plan = (here / "plan.toml").read_text(encoding="utf-8")
    assert "#junk#" in notes and "topsecret" in plan, "the run knows them"
    for form in ("html", "md", "csv"):
        assert run(["report", "--format", form, "--out", "-"]) == 0
        text = capsys.readouterr().out
        assert [secret for secret in SECRETS if secret in text] == []
    assert "&#39;age&#39;" in (here / "report.html").read_text(encoding="utf-8"), (
        "a column's name may be told"
    )


def test_the_latest_run_is_reported_into_its_folder(here, capsys):
    before = (here / "report.html").read_text(encoding="utf-8")
    (here / "report.html").unlink()
    assert run(["report"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("shoal: report: shoal-results/")
    assert (here / "report.html").read_text(encoding="utf-8") == before


def test_forms_go_to_stdout_or_a_file(here, tmp_path, capsys):
    assert run(["report", str(here), "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["arm"] for row in rows} == {"adam", "sgd"}
    file = tmp_path / "report.md"
    assert run(["report", str(here), "--format", "md", "--out", str(file)]) == 0
    assert file.read_text(encoding="utf-8").startswith("# patients: test accuracy, varying optimizer")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "there is no run in shoal-results/ yet"),
        (["nowhere"], "there is no results folder nowhere"),
        (["."], "is no shoal results folder: it has no record.sqlite"),
        (["--format", "pdf"], "'pdf' is not one of 'html', 'md', 'csv'"),
        (["--out", "no/such/file.html"], "--out no/such/file.html cannot be written"),
    ],
)
def test_what_cannot_be_reported_is_one_sentence(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["report", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert words in shown.err
