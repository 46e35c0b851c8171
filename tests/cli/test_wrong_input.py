"""Wrong input: exit code 2, one sentence that names the value and the way out, and nothing written."""

from pathlib import Path

import numpy as np
import pytest
import torch

from shoal.cli import main

TABLE = "size,color,price\n" + "".join(f"{n},{'red' if n % 3 else 'blue'},{n * 1.5}\n" for n in range(120))
RAISES = "def task():\n    raise RuntimeError('no such sensor')\n"
BAD_RULE = "lr = 1\n"
RULE = Path(__file__).parents[2].joinpath("examples", "signum.py").read_text()

TABLES = {
    "header.csv": "a,b\n",
    "one_class.csv": "a,t\n" + "".join(f"{n},yes\n" for n in range(60)),
    "no_target.csv": "a,t\n" + "".join(f"{n},\n" for n in range(60)),
    "no_column.csv": "id,same,t\n" + "".join(f"id{n},k,{'yes' if n % 2 else 'no'}\n" for n in range(60)),
    "many_classes.csv": "a,t\n" + "".join(f"{n / 7},class {n % 50}\n" for n in range(60)),
    "one_patient.csv": "patient,a,t\n" + "".join(f"p{n // 30},{n},{n % 2}\n" for n in range(60)),
    "sick_patient.csv": "patient,a,t\n" + "".join(f"{n % 2 or -n},{n},{n % 2}\n" for n in range(60)),
    "when.csv": "day,a,t\n" + "".join(f"someday,{n},{n % 2}\n" for n in range(60)),
    "twice.csv": "a,a,t\n" + "".join(f"{n},{n},{n % 2}\n" for n in range(60)),
    "unknown_key.toml": "task = 'digits'\nwork = 5\nbugdet = '5s'\n[vary]\ndepth = [1, 2]",
    "wrong_type.toml": "task = 'digits'\nwork = 'much'\n[vary]\ndepth = [1, 2]",
    "wide.toml": "width = 'wide'",
    "few_columns.csv": "size,color\n1,red\n",
    "new_class.csv": TABLE.replace("red", "green"),
}
OWN = {
    "empty_loader": "Task(lambda: nn.Linear(4, 2), train=DataLoader([], batch_size=4))",
    "ragged_loader": "Task(None, train=DataLoader([(torch.ones(4 + n // 49), n % 2) for n in range(50)]))",
    "narrow": "Task(lambda: nn.Linear(4, 1), train=(x, y))",
    "elsewhere": "Task(lambda: nn.Linear(5, 2), train=(x, y))",
    "frozen": "Task(lambda: nn.Linear(4, 2).requires_grad_(False), train=(x, y))",
    "no_weights": "Task(lambda: nn.Flatten(), train=(x, y))",
    "nothing": "None",
    "leaves": "sys.exit(3)",
    "sums": "Task(lambda: nn.Linear(4, 2), train=(x, y), loss=nn.CrossEntropyLoss(reduction='sum'))",
}
OWN_HEAD = """import sys, torch
from shoal import Task
from torch import nn
from torch.utils.data import DataLoader
x, y = torch.randn(80, 4), torch.arange(80) % 2
"""


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
    Path("latin.csv").write_bytes("größe,t\n1,2\n".encode("latin-1"))
    for name, text in TABLES.items():
        Path(name).write_text(text)
    tasks = [f"def {name}():\n    return {made}\n" for name, made in OWN.items()]
    Path("own.py").write_text(OWN_HEAD + "".join(tasks))
    Path("card.py").write_text(RULE[: RULE.index("CARD =")])
    Path("pair.py").write_text(RULE.replace(", State(mean)", ""))
    Path("form.py").write_text(
        RULE.replace("parameter: Tensor, hyper: Hyper) -> State", "parameter) -> State")
    )
    Path("domain.py").write_text(RULE.replace("momentum: Scalar = 0.9", "momentum: Scalar = 1.5"))
    x = np.ones((40, 3), dtype=np.float32)
    np.savez("one_class.npz", x=x, y=np.zeros(40, dtype=int))
    np.savez("short.npz", x=x, y=np.arange(39) % 2)
    x[7, 1] = np.inf
    np.savez("infinite.npz", x=x, y=np.arange(40) % 2)
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
    ("compare --plan bad_plan.toml", ["bad_plan.toml", "'taks'", "did you mean 'tasks'?"]),
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
    ("compare latin.csv --target t", ["latin.csv", "UTF-8", "position 2"]),
    ("compare header.csv --target b", ["header.csv", "no rows"]),
    ("compare one_class.csv --target t", ["'t'", "constant ('yes')", "another target"]),
    ("compare no_target.csv --target t", ["'t'", "no values"]),
    ("compare no_column.csv --target t", ["no column to learn from", "'id'", "'same'"]),
    ("compare many_classes.csv --target t", ["50 different values in 60 rows", "merge them"]),
    ("compare one_patient.csv --target t --group patient", ["2 groups", "3 parts"]),
    ("compare sick_patient.csv --target t --group patient", ["all rows of class", "one group"]),
    ("compare when.csv --target t --time day", ["'day'", "'someday'", "2024-12-31"]),
    ("compare when.csv --target t --time day --group a", ["by group or by time, not by both"]),
    ("compare twice.csv --target t", ["2 columns called 'a'"]),
    ("compare good.csv", ["--target price", "size, color, price"]),
    ("compare good.csv --target price --ignore price", ["'price' is the target"]),
    ("compare good.csv --target price --group price", ["'price' is the target"]),
    ("compare good.csv --target price --test few_columns.csv", ["few_columns.csv", "'price'"]),
    ("compare good.csv --target color --test new_class.csv", ["class 'green'", "test part only"]),
    ("compare one_class.npz", ["y is constant (class 0)"]),
    ("compare short.npz", ["40 rows", "39"]),
    ("compare infinite.npz", ["infinite.npz", "NaN or infinity", "row 7"]),
    ("compare own.py:empty_loader", ["train is empty"]),
    ("compare own.py:ragged_loader", ["collate function of train", "[4]", "[5] at entry 49"]),
    ("compare own.py:narrow", ["[4, 1]", "needs [4, 2]"]),
    ("compare own.py:elsewhere", ["[64, 4]", "cannot be multiplied"]),
    ("compare own.py:frozen", ["'weight'", "register_buffer"]),
    ("compare own.py:no_weights", ["no parameters"]),
    ("compare own.py:nothing", ["own.py:nothing returned NoneType", "(x, y)"]),
    ("compare own.py:leaves", ["own.py:leaves raised SystemExit", "3"]),
    ("compare own.py:sums", ["a mean over rows", "reduction='mean'"]),
    ("compare digits --vary optimizer=adam,./card.py", ["card.py", "CARD", "is missing"]),
    ("compare digits --vary optimizer=adam,./pair.py", ["pair.py", "not (change, state)"]),
    ("compare digits --vary optimizer=adam,./form.py", ["form.py", "init(parameter, hyper)"]),
    ("compare digits --vary optimizer=adam,./domain.py", ["domain.py", "momentum, 1.5", "outside"]),
    ("compare digits --vary schedule=cosine,./card.py", ["card.py is no schedule"]),
    ("compare --plan unknown_key.toml", ["'bugdet'", "did you mean 'budget'?"]),
    ("compare --plan wrong_type.toml", ["wrong_type.toml", "work = 'much'"]),
    ("compare digits --vary train_size=10,99999", ["train_size 99999", "1150"]),
    ("compare digits --vary label_noise=0,2", ["label_noise 2", "[0, 1)"]),
    ("compare wine --vary network=mlp,convnet", ["convnet does not fit wine", "mlp"]),
    ("train one_class.csv --target t", ["constant ('yes')"]),
    ("train digits --recipe wide.toml", ["wide.toml", "width wide"]),
    ("train digits --recipe nowhere.toml", ["nowhere.toml"]),
    ("train digits --recipe taken", ["taken holds no artifact"]),
    ("train digits --seed -1", ["seed -1"]),
    ("train digits --out good.csv", ["good.csv is a file"]),
    ("train digits --out taken", ["taken is not empty"]),
    ("predict taken good.csv", ["taken holds no artifact"]),
    ("predict nowhere good.csv", ["nowhere"]),
    ("predict good.csv", ["shoal-results"]),
    ("predict taken nowhere.csv", ["nowhere.csv"]),
    ("predict taken good.csv --out new.txt", ["new.txt", ".csv"]),
    ("predict taken good.csv more.csv", ["3 paths"]),
    ("list optimizers", ["'optimizers'", "did you mean 'optimizer'?"]),
    ("list tasks --tree", ["tasks", "--tree"]),
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
