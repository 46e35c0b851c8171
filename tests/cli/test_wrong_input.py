"""Wrong input: exit code 2, one sentence that names the value and the way out, and nothing written."""

from pathlib import Path

import pytest
import torch

from shoal.cli import main

TABLE = "size,color,price\n" + "".join(f"{n},{'red' if n % 3 else 'blue'},{n * 1.5}\n" for n in range(120))
RAISES = "def task():\n    raise RuntimeError('no such sensor')\n"
BAD_RULE = "lr = 1\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder: a good table, files of every wrong sort, a folder that is in use."""
    monkeypatch.chdir(tmp_path)
    Path("good.csv").write_text(TABLE)
    Path("empty.csv").write_text("")
    Path("headless.csv").write_bytes(bytes(range(256)) * 20)
    Path("no_arrays.npz").write_text("these are words")
    Path("raises.py").write_text(RAISES)
    Path("bad_rule.py").write_text(BAD_RULE)
    Path("bad.toml").write_text("depht = 3")
    Path("bad_plan.toml").write_text("taks = 'wine'")
    Path("good_plan.toml").write_text("task = 'digits'\nwork = 5\n[vary]\ndepth = [1, 2]")
    Path("taken").mkdir()
    Path("taken/thesis.txt").write_text("do not touch")
    return tmp_path


def _everything(folder):
    return {
        path: path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }


CASES = [
    ("compare missing.csv", ["missing.csv"]),
    ("compare empty.csv", ["empty.csv"]),
    ("compare headless.csv --target a", ["headless.csv"]),
    ("compare no_arrays.npz", ["no_arrays.npz"]),
    ("compare digitz", ["'digitz'", "did you mean 'digits'?", "wine"]),
    ("compare good.csv --target cost", ["'cost'", "price", "size", "color"]),
    ("compare digits --target price", ["'digits' is no table"]),
    ("compare digits --vary optimiser", ["'optimiser'", "did you mean 'optimizer'?", "width"]),
    ("compare digits --vary optimizer=adam,adamm", ["'adamm'", "did you mean 'adam'?", "sgd"]),
    ("compare digits --vary optimizer=adam", ["two values"]),
    ("compare digits --vary optimizer=adam,adam", ["twice"]),
    ("compare digits --vary optimizer=adam,./nowhere.py", ["nowhere.py"]),
    ("compare digits --vary optimizer=adam,./bad_rule.py", ["bad_rule.py"]),
    ("compare digits --vary optimizer --vary optimizer=sgd,adam", ["optimizer is varied twice"]),
    ("compare digits --vary width=1,2,3,4,5,6,7,8,9 --vary depth=1,2,3,4,5,6,7,8", ["72 arms", "64"]),
    ("compare digits --vary sgd.lr=0.1,0.2", ["sgd.lr needs optimizer sgd", "optimizer=sgd"]),
    ("compare digits --vary adam.beta7=0.1,0.2", ["'beta7'", "beta1"]),
    ("compare digits --vary regularizer=none,dropuot", ["'dropuot'", "did you mean 'dropout'?"]),
    ("compare digits --vary residual=true,maybe", ["residual 'maybe'", "true nor false"]),
    ("compare digits --vary optimizer=adam,sgd>adam", ["sgd>adam@0.3"]),
    ("compare digits --vary optimizer --arm a=lr=0.1", ["arms or axes", "not both"]),
    ("compare digits --arm a", ["--arm 'a'", "NAME="]),
    ("compare digits --arm a=lr=0.1 --arm a=lr=0.2", ["--arm a is given twice"]),
    ("compare digits --arm a=lr", ["arm a", "'lr'", "name=value"]),
    ("compare digits --arm a=widht=3", ["arm a", "'widht'", "did you mean 'width'?"]),
    ("compare digits --arm default=lr=0.1", ["default", "another name"]),
    ("compare digits --recipe width=0", ["width 0"]),
    ("compare digits --recipe nowhere.toml", ["nowhere.toml"]),
    ("compare digits --recipe bad.toml", ["bad.toml", "'depht'", "did you mean 'depth'?"]),
    ("compare", ["no task", "digits"]),
    ("compare --plan nowhere.toml", ["nowhere.toml"]),
    ("compare digits --plan good.csv", ["good.csv", "TOML"]),
    ("compare digits --plan new.txt", ["new.txt", ".toml"]),
    ("compare --plan bad_plan.toml", ["bad_plan.toml", "'taks'", "did you mean 'task'?"]),
    ("compare --plan good_plan.toml --work 9", ["good_plan.toml", "work was 5, is 9"]),
    ("compare wine --plan good_plan.toml", ["good_plan.toml", 'is "wine"']),
    ("compare digits --metric f9", ["'f9'", "f1"]),
    ("compare digits --metric rmse", ["'rmse'", "accuracy"]),
    ("compare digits --trials 2", ["2 trials", "at least 4"]),
    ("compare digits --reach 0.9", ["reach 0.9", "steps"]),
    ("compare digits --judge steps --reach 90", ["reach 90", "accuracy"]),
    ("compare good.csv --target price --kind numbers", ["'numbers'", "regression"]),
    ("compare good.csv --target price --ignore cost", ["'cost'", "color"]),
    ("compare good.csv --target price --group cost", ["'cost'", "color"]),
    ("compare good.csv --target price --time cost", ["'cost'", "color"]),
    ("compare good.csv --target price --test nowhere.csv", ["nowhere.csv"]),
    ("compare wine --group price", ["'wine' is no table", "group"]),
    ("compare digits --vary lr=0.1,-1", ["-1", "(0, inf)"]),
    ("compare digits --vary lr=0.1,fast", ["'fast'"]),
    ("compare digits --vary dropout=0.1,1.5", ["1.5"]),
    ("compare digits --vary width=16,0", ["0"]),
    ("compare digits --vary batch_size=32,1e9", ["1e9"]),
    ("compare digits --budget 0", ["'0'", "90s"]),
    ("compare digits --budget -5s", ["'-5s'", "90s"]),
    ("compare digits --budget soon", ["'soon'", "90s"]),
    ("compare digits --budget 5s --work 1000", ["budget", "work"]),
    ("compare digits --work 0", ["0"]),
    ("compare digits --seeds 0", ["0"]),
    ("compare digits --judge beauty", ["'beauty'", "score"]),
    ("compare digits --out taken", ["taken"]),
    ("compare digits --out good.csv", ["good.csv"]),
    ("compare digits --out good.csv/below", ["good.csv/below"]),
    ("compare digits --out new --resume must", ["new"]),
    ("compare digits --json taken", ["--json taken"]),
    ("compare digits --json nowhere/result.json", ["nowhere/result.json"]),
    ("compare raises.py:task", ["raises.py", "no such sensor"]),
    ("compare raises.py:tusk", ["'tusk'", "task"]),
    ("compare digits --device quantum", ["'quantum'"]),
]


@pytest.mark.parametrize(("line", "words"), CASES, ids=[line for line, _ in CASES])
def test_one_sentence_code_2_and_nothing_written(line, words, folder, capsys):
    before = _everything(folder)
    code = main.run(line.split())
    shown = capsys.readouterr()
    assert code == 2, shown.err
    assert shown.out == ""
    assert shown.err.startswith("shoal: ")
    assert shown.err.count("\n") == 1
    for word in words:
        assert word in shown.err
    assert _everything(folder) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none(folder, capsys):
    before = _everything(folder)
    assert main.run(["compare", "digits", "--device", "cuda"]) == 2
    assert "CUDA" in capsys.readouterr().err
    assert _everything(folder) == before
