"""Whatever goes wrong ends in one sentence, an exit code, and no traceback on the screen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.cli import main
from shoal.errors import UserError
from shoal.experiments import compare


@pytest.fixture
def failing(monkeypatch):
    """Make the comparison raise what the test wants, without training."""

    def install(error: BaseException) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(compare, "compare", fail)

    return install


def _one_sentence(text: str) -> bool:
    return text.startswith("shoal: ") and text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["comapre"], "there is no command 'comapre'; did you mean 'compare'? there are: compare, list"),
        (["compare", "digits", "--bugdet", "1s"], "there is no option '--bugdet'; did you mean '--budget'?"),
        (["compare"], "there is no task to compare on"),
        (["compare", "digits", "--seeds", "many"], "'many' is not a valid integer"),
        (["compare", "digits", "--resume", "perhaps"], "'perhaps' is not one of 'auto', 'must', 'never'"),
        (["compare", "digits", "wine"], "unexpected extra argument"),
        (["list", "optimiser"], "did you mean 'optimizer'?"),
        (["list", "--josn"], "did you mean '--json'?"),
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(arguments, words, capsys):
    assert main.run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert _one_sentence(shown.err)
    assert words in shown.err


def test_a_user_error_is_its_own_sentence(failing, capsys):
    failing(UserError("there is no such thing"))
    assert main.run(["compare", "digits"]) == 2
    assert capsys.readouterr().err == "shoal: there is no such thing\n"


def test_an_unforeseen_error_says_where_its_traceback_is(failing, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(main.tempfile, "tempdir", str(tmp_path))
    failing(RuntimeError("two\nlines"))
    assert main.run(["compare", "digits"]) == 1
    shown = capsys.readouterr().err
    assert _one_sentence(shown)
    assert "RuntimeError: two lines" in shown
    (report,) = tmp_path.iterdir()
    assert str(report) in shown
    assert "Traceback (most recent call last)" in report.read_text()


def test_the_traceback_is_kept_with_the_results_if_there_are_any(failing, capsys, tmp_path):
    failing(RuntimeError("broken"))
    assert main.run(["compare", "digits", "--out", str(tmp_path)]) == 1
    (report,) = tmp_path.iterdir()
    assert str(report) in capsys.readouterr().err


def test_verbose_shows_the_traceback(failing, capsys, tmp_path):
    failing(RuntimeError("broken"))
    assert main.run(["compare", "digits", "--verbose", "--out", str(tmp_path)]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_ctrl_c_is_code_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert main.run(["compare", "digits"]) == 130
    assert _one_sentence(capsys.readouterr().err)


def test_a_closed_pipe_is_no_error():
    read, write = os.pipe()
    os.close(read)
    command = [str(Path(sys.executable).parent / "shoal"), "list"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_line_of_help_is_a_useful_command(capsys):
    for arguments in (["--help"], ["compare", "--help"], ["list", "--help"]):
        assert main.run(arguments) == 0
        first = capsys.readouterr().out.splitlines()[0]
        assert first.startswith("Try: shoal ")
