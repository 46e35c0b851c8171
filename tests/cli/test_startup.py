"""Help answers at once, because nothing heavy is imported for it."""

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "sklearn", "polars", "numpy", "scipy", "rich")

LOOK = """
import json, sys
from shoal.cli.main import run
code = run(json.loads(sys.argv[1]))
print(json.dumps([code, [name for name in json.loads(sys.argv[2]) if name in sys.modules]]))
"""


def _imported(arguments: list[str], watched: tuple[str, ...]) -> list[str]:
    command = [sys.executable, "-c", LOOK, json.dumps(arguments), json.dumps(watched)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, imported = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return imported


@pytest.mark.parametrize(
    "arguments", [["--help"], ["compare", "--help"], ["list", "--help"], ["--version"], []]
)
def test_help_imports_nothing_heavy(arguments):
    assert _imported(arguments, HEAVY) == []


def test_the_catalogue_is_listed_without_torch():
    assert _imported(["list"], ("torch", "sklearn", "polars")) == []


def test_the_watch_would_notice_an_import():
    assert _imported(["list", "axes"], ("shoal.experiments",)) == ["shoal.experiments"]
