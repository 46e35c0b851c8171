"""The five uses as a new user tries them: scripts run outside the repository and print what they promise."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
WORDS = r"(better|worse|same|undecided|under-tuned)"


@pytest.fixture
def run(tmp_path):
    """Runs an example in a new folder with a small budget in member-steps; what it prints."""

    def started(name: str, member_steps: int) -> str:
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / f"{name}.py"), str(member_steps)],
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return started


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_business_table(run, tmp_path):
    shown = run("business_table", 6000)
    assert re.search(rf"^sgd +0\.\d+ .*{WORDS}", shown, re.MULTILINE)
    assert "column 'signed_up': dates like" in shown
    assert re.search(r"^linear: 0\.\d+ over \d seeds$", shown, re.MULTILINE)
    assert re.search(r"^boosting: 0\.\d+ over \d seeds$", shown, re.MULTILINE)
    leave = int(re.search(r"200 customers, (\d+) of them will leave", shown)[1])
    made = _rows(tmp_path / "predictions.csv")
    assert len(made) == 200 and sum(row["prediction"] == "yes" for row in made) == leave
    for row in made:
        no, yes = float(row["probability_no"]), float(row["probability_yes"])
        assert abs(no + yes - 1) < 1e-6 and (row["prediction"] == "yes") == (yes > no)


def test_optimizer_paper(run, tmp_path):
    shown = run("optimizer_paper", 8000)
    for arm in ("sgd", "momentum", "adam", "switch"):
        assert re.search(rf"^{arm}: 0\.\d+, difference in \[[+-]0\.\d+, [+-]0\.\d+\], p", shown, re.MULTILINE)
    assert "the plan, run again, gives the same scores" in shown
    scores, again = _rows(tmp_path / "paper/scores.csv"), _rows(tmp_path / "again/scores.csv")
    assert len(scores) == len(again) == 4 * 10
    assert [row["accuracy"] for row in scores] == [row["accuracy"] for row in again]
    assert {row["arm"] for row in _rows(tmp_path / "paper/curves.csv")} == {row["arm"] for row in scores}


def test_own_module(run):
    shown = run("own_module", 6000)
    for arm in ("adam", "adamw", "sgd"):
        assert re.search(rf"^{arm} +0\.\d+", shown, re.MULTILINE)
    share = int(re.search(r"the network that was saved is right on (\d+)% of a batch", shown)[1])
    assert share > 60


def test_own_technique(run):
    shown = run("own_technique", 6000)
    for arm in ("adam", r"\S+signum\.py", r"\S+own_technique\.py:NormalizedSGD"):
        assert re.search(rf"^{arm} +0\.\d+", shown, re.MULTILINE)
    assert "Change in your code:" in shown and shown.count("against adam") == 2


def test_clinical_table(run):
    shown = run("clinical_table", 6000)
    assert "rows of one 'patient' stand on one side of every split" in shown
    assert 0.5 < float(re.search(r"^AUROC (0\.\d+)$", shown, re.MULTILINE)[1]) < 1
    assert 0 < int(re.search(r"^sensitivity at 90 % specificity (\d+)%$", shown, re.MULTILINE)[1]) <= 100
    visits = int(re.search(r"on (\d+) visits of patients it has never seen", shown)[1])
    counts = re.search(r"\['no', 'yes'\] \[\[(\d+), (\d+)\], \[(\d+), (\d+)\]\]", shown)
    assert sum(map(int, counts.groups())) == visits


def test_chest_xray(run):
    shown = run("chest_xray", 700)
    for arm in ("plain", "batch normalization", "label smoothing"):
        assert re.search(rf"^{arm} +0\.\d+", shown, re.MULTILINE), shown
    assert "on 200 images it has never seen" in shown
    assert 0.6 < float(re.search(r"^auroc: (0\.\d+)$", shown, re.MULTILINE)[1]) < 1
    assert 0 < float(re.search(r"^sensitivity at 90 specificity: ([01]\.\d+)$", shown, re.MULTILINE)[1]) <= 1
    assert 0 < float(re.search(r"^calibration error: (0\.\d+)$", shown, re.MULTILINE)[1]) < 0.5


def test_put_together(run):
    shown = run("put_together", 2000)
    for part, whole in (
        ("lion", "matrix:lion|adam"), ("adam", "matrix:lion|adam"),
        ("sgd", "sgd>adam@0.3"), ("adam", "sgd>adam@0.3"),
    ):  # fmt: skip
        said = re.search(
            rf"^{part} against {re.escape(whole)}: {WORDS}, difference in \[", shown, re.MULTILINE
        )
        assert said, shown
    assert len(re.findall(r"beats its parts$|does not tell$|does not beat", shown, re.MULTILINE)) == 2


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda script: script.name)
def test_a_script_is_short(script):
    assert len(script.read_text().splitlines()) <= 60
