"""The pages tell the truth: their code runs, their links lead somewhere, the generated ones are fresh."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from shoal import catalogue
from shoal.cli import docs

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])


def _name(path):
    return str(path.relative_to(ROOT))


def _blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


def _run(command, folder, **environment):
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, **environment}, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_readme_is_one_screen():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60


def test_the_readmes_five_lines_compare(tmp_path):
    (code,) = _blocks("README.md", "python")
    assert len(code.splitlines()) == 5
    assert code.count('budget="30s"') == 1
    (tmp_path / "five_lines.py").write_text(code.replace('budget="30s"', 'budget="4s"'))
    shown = _run([sys.executable, "five_lines.py"], tmp_path)
    assert {"sgd", "adam"} <= set(shown.split())


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{_name(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_that_pages_name_exist(page):
    for target in re.findall(r"`((?:src|tests|benchmarks|examples|docs)/[\w./-]+)`", page.read_text()):
        if "sign_descent" not in target:
            assert (ROOT / target).exists(), f"{_name(page)} names {target}"


def test_commands_in_pages_exist():
    from shoal.cli.main import shoal

    known = {one for command in shoal.commands.values() for param in command.params for one in param.opts}
    for page in PAGES:
        for line in re.findall(r"^shoal .*$", "".join(_blocks(page, "sh")), re.MULTILINE):
            words = line.partition("#")[0].split()
            assert words[1] in shoal.commands, line
            assert {word for word in words if word.startswith("--")} <= known | {"--help", "--version"}, line


def test_generated_pages_are_fresh():
    assert docs.stale(ROOT / "docs") == {}


def test_a_stale_or_missing_page_is_noticed(tmp_path):
    shutil.copy(ROOT / "docs" / "cli.md", tmp_path)
    assert set(docs.stale(tmp_path)) == {"catalogue.md"}
    (tmp_path / "cli.md").write_text("old")
    assert set(docs.stale(tmp_path)) == {"catalogue.md", "cli.md"}


def test_the_technique_of_the_page_passes_every_technique_test_and_its_own(tmp_path):
    """The page is followed to the letter, in a copy of the sources: two files are written, none changed."""
    page = "docs/add-a-technique.md"
    homes = re.findall(r"^## \d\. The \w+: `(.+)`$", (ROOT / page).read_text(), re.MULTILINE)
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    shutil.copytree(ROOT / "tests" / "techniques", tmp_path / "tests" / "techniques")
    for home, code in zip(homes, _blocks(page, "python"), strict=True):
        (tmp_path / home).write_text(code)
    every = "tests/techniques/test_every_technique.py"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-k",
        "sign_descent",
        every,
        homes[1],
    ]
    shown = _run(command, tmp_path, PYTHONPATH=str(tmp_path / "src"))
    assert int(re.search(r"(\d+) passed", shown)[1]) > 5


def test_every_kind_is_in_the_contract_that_keeps_techniques_apart():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (apart,) = [contract["modules"] for contract in contracts if contract["type"] == "independence"]
    assert set(apart) == {f"shoal.techniques.{kind}s.*" for kind in catalogue.kinds()}
