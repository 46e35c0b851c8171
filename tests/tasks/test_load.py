"""From the command line's TASK to a task."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shoal.errors import UserError
from shoal.tasks import built_in
from shoal.tasks.load import load, names

OWN = """
import torch
from torch import nn
from beside import CLASSES

def pair():
    return torch.arange(120.0).reshape(40, 3), torch.arange(40) % CLASSES

def with_network():
    return *pair(), nn.Linear(3, CLASSES)

def whole():
    from shoal.tasks.arrays import from_arrays
    return from_arrays(*pair(), name="whole")

def with_loader():
    from torch.utils.data import DataLoader, TensorDataset
    return (lambda: nn.Linear(3, CLASSES)), DataLoader(TensorDataset(*pair()), batch_size=8)

def fails():
    raise KeyError("nothing here")

def wrong():
    return 5

def short():
    return pair()[0], pair()[1][:3]
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "beside.py").write_text("CLASSES = 4\n")
    (tmp_path / "mine.py").write_text(OWN)
    return tmp_path / "mine.py"


def test_every_file_of_the_folder_is_a_task_with_a_summary():
    files = {file.stem.replace("_", "-") for file in Path(built_in.__path__[0]).glob("[a-z]*.py")}
    assert set(names()) == files
    assert all(summary and "\n" not in summary for summary in names().values())


def test_listing_does_not_import_torch():
    program = "import sys; from shoal.tasks.load import names; names(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_paths(tmp_path):
    (tmp_path / "a.csv").write_text("n,t\n" + "1,x\n2,y\n2,x\n" * 10)
    assert load(str(tmp_path / "a.csv"), "t").outputs == 2
    np.savez(tmp_path / "a.npz", x=np.random.rand(30, 2), y=np.arange(30) % 3)
    assert load(str(tmp_path / "a.npz")).outputs == 3


def test_options_reach_the_table_and_the_arrays(tmp_path):
    (tmp_path / "a.tsv").write_text("g\tn\tt\n" + "".join(f"{i % 9}\t{i / 7}\t{i % 2}\n" for i in range(90)))
    (tmp_path / "b.tsv").write_text((tmp_path / "a.tsv").read_text())
    options = {"kind": "regression", "ignore": ["n"], "test": str(tmp_path / "b.tsv")}
    task = load(str(tmp_path / "a.tsv"), "t", **options)
    assert (task.kind, task.features, len(task.prepare(0).test)) == ("regression", (1,), 90)
    assert "there are 9" in " ".join(load(tmp_path / "a.tsv", "t", group="g").notes)
    assert "rows are split by 'n'" in " ".join(load(tmp_path / "a.tsv", "t", time="n").notes)
    frame = pl.read_csv(tmp_path / "a.tsv", separator="\t")
    assert len(load(frame, "t", test=frame[:30]).prepare(0).test) == 30
    np.savez(tmp_path / "a.npz", x=np.random.rand(30, 2), y=np.arange(30) % 3)
    np.savez(tmp_path / "b.npz", x=np.random.rand(12, 2), y=np.arange(12) % 3)
    assert len(load(str(tmp_path / "a.npz"), test=tmp_path / "b.npz").prepare(0).test) == 12
    with pytest.raises(UserError, match="is no table, so it takes no group"):
        load(str(tmp_path / "a.npz"), group="g")
    with pytest.raises(UserError, match="a task is a name, a path or a frame, not int"):
        load(5)


def test_own_functions(own):
    assert load(f"{own}:pair").name == "pair"
    assert load(f"{own}:pair").network is None
    assert load(f"{own}:with_network").network().out_features == 4
    assert load(f"{own}:whole").name == "whole"
    loaded = load(f"{own}:with_loader")
    assert (loaded.name, loaded.batch_size, loaded.outputs) == ("with_loader", 8, 4)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("fails", r"mine.py:fails raised KeyError at .*mine.py:21: 'nothing here'"),
        ("wrong", r"mine.py:wrong returned int; a Task, \(x, y\), \(x, y, network\) or \(network, "),
        ("short", r"mine.py:short: x has 40 rows and y has 3"),
        ("pare", r"there is no function in .*mine.py 'pare'; did you mean 'pair'"),
    ],
)
def test_own_functions_that_fail(own, function, sentence):
    with pytest.raises(UserError, match=sentence):
        load(f"{own}:{function}")


def test_own_file_that_does_not_run(tmp_path):
    (tmp_path / "broken.py").write_text("def f(:\n")
    with pytest.raises(UserError, match=r"broken.py raised SyntaxError: .*line 1"):
        load(f"{tmp_path}/broken.py:f")
    with pytest.raises(UserError, match=r"there is no file .*none.py"):
        load(f"{tmp_path}/none.py:f")


def test_unknown_names_list_tasks_and_kinds_of_path():
    with pytest.raises(UserError, match=r"no task 'mnist'; did you mean 'mnist1d'\?") as caught:
        load("mnist")
    assert all(word in str(caught.value) for word in (*names(), ".csv", ".npz", "file.py:function"))


def test_a_target_belongs_to_a_table():
    with pytest.raises(UserError, match="task 'digits' is no table, so it takes no target"):
        load("digits", "label")
