"""plan.toml: what is written runs again as the same plan; what is given beside it must agree with it."""

import tomllib
from pathlib import Path

import polars as pl
import pytest

import shoal
from shoal.errors import UserError
from shoal.experiments.plan import Plan
from shoal.experiments.plan_file import NAME, chosen, read, text_of
from shoal.experiments.planning import compared, plan_of
from shoal.experiments.request import Request, task_of
from shoal.population.recipe import Recipe

from .simulated import SimulatedTrainer, task

REQUESTS = {
    "one axis": Request(task="wine", vary="optimizer", work=5000),
    "crossed": Request(task="wine", vary=["optimizer=adam,sgd>adam@0.3", "residual", "train_size=20,all"]),
    "arms": Request(
        task="wine",
        arms={"a b": "optimizer=sgd lr=auto", "ü.1": Recipe(width=8, hyper={"adam.beta2": 0.9})},
        recipe="regularizer=dropout l2.coefficient=0.001",
    ),
    "everything": Request(
        task="wine", vary={"lr": [0.1, 0.01]}, metric="f1", work=100, trials=4, seeds=12, judge="steps",
        reach=0.9, alpha=0.1, margin="2.5%", recipe={"width": 8, "batch_size": "all", "residual": True},
    ),
    "put together": Request(
        task="wine", vary="matrix.adam.lr=0.1,0.2", recipe="optimizer=matrix:adam|sam+adam sam.rho=0.1"
    ),
    "budget": Request(task="wine", vary="depth=1,2", budget="1m30s", judge="gap"),
}  # fmt: skip


def plan_for(request: Request) -> Plan:
    loaded = task_of(request)
    return plan_of(loaded, request, compared(loaded, request))


def written(request: Request) -> str:
    loaded = task_of(request)
    what = compared(loaded, request)
    return text_of(request, what, plan_of(loaded, request, what))


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_written_is_read_as_the_same_plan_and_written_the_same(name, tmp_path):
    file = tmp_path / NAME
    file.write_text(written(REQUESTS[name]))
    again = read(file)
    assert plan_for(again).hash == plan_for(REQUESTS[name]).hash
    assert written(again) == file.read_text()


def test_the_file_names_everything_that_decides():
    found = tomllib.loads(written(Request(task="wine", vary="depth=1,2")))
    assert found["task"] == "wine" and found["vary"] == {"depth": [1, 2]}
    assert (found["budget"], found["judge"], found["metric"]) == (60.0, "score", "accuracy")
    assert (found["alpha"], found["margin"], found["device"]) == (0.05, 0.01, "cpu")


def test_a_table_with_its_options_is_run_again(tmp_path):
    file = tmp_path / "t.csv"
    rows = "".join(f"{n % 11},{n % 7},{n % 13},{n % 3}\n" for n in range(90))
    file.write_text("a,b,c,y\n" + rows)
    asked = Request(task=str(file), target="y", kind="classification", ignore=("c",), vary="depth=1,2")
    (tmp_path / NAME).write_text(written(asked))
    again = read(tmp_path / NAME)
    assert (again.task, again.target, again.kind, again.ignore) == (str(file), "y", "classification", ["c"])
    assert plan_for(again).hash == plan_for(asked).hash
    file.write_text("a,b,c,y\n" + rows.replace("1", "2"))
    with pytest.raises(UserError, match="the data of t are not those that the plan was written for"):
        plan_for(again)


def test_data_from_memory_are_named_anew(tmp_path):
    frame = pl.DataFrame({"a": [n % 11 for n in range(90)], "y": [n % 3 for n in range(90)]})
    asked = Request(task=frame, target="y", vary="depth=1,2", work=10)
    file = tmp_path / NAME
    file.write_text(written(asked))
    assert "task = " not in file.read_text() and "named anew" in file.read_text()
    assert chosen(Request(task=frame), file).vary == {"depth": [1, 2]}
    with pytest.raises(UserError, match="there is no task to compare on"):
        plan_for(chosen(Request(), file))


def test_a_plan_runs_again_with_the_same_numbers(tmp_path):
    plan = tmp_path / "p.toml"
    first = shoal.compare(
        task(), ["optimizer=adam,sgd", "width=8,16"], work=60_000, out=tmp_path / "a", plan=plan,
        trainer=SimulatedTrainer(),
    )  # fmt: skip
    assert plan.read_text() == (tmp_path / "a" / NAME).read_text()
    again = shoal.compare(task(), plan=plan, out=tmp_path / "b", trainer=SimulatedTrainer())
    assert first.plan_hash == again.plan_hash
    assert [arm.scores for arm in first.arms] == [arm.scores for arm in again.arms]
    for name in (NAME, "scores.csv", "curves.csv"):
        assert (tmp_path / "a" / name).read_text() == (tmp_path / "b" / name).read_text()


@pytest.fixture
def kept(tmp_path) -> Path:
    file = tmp_path / "p.toml"
    file.write_text(written(Request(task="wine", vary="optimizer=adam,sgd", work=4000)))
    return file


def test_what_is_given_beside_a_plan_must_agree_with_it(kept):
    asked = Request(task="wine", vary="optimizer=adam,sgd", work=4000)
    for same in (Request(), asked, Request(work=4000), Request(vary=["optimizer=adam,sgd"])):
        assert chosen(same, kept).vary == {"optimizer": ["adam", "sgd"]}
    for other, words in [
        (Request(task="wine"), "work was 4000, is absent"),
        (Request(task="digits", vary="optimizer=adam,sgd", work=4000), 'task was "wine", is "digits"'),
        (Request(work=5000), "work was 4000, is 5000"),
        (Request(seeds=3), "seeds was absent, is 3"),
        (Request(vary="optimizer=adam,rmsprop"), r"vary.optimizer\[1\] was .sgd., is .rmsprop."),
    ]:
        with pytest.raises(UserError, match=f"holds another comparison: .*{words}"):
            chosen(other, kept)


def test_without_a_file_what_was_asked_is_run(tmp_path):
    asked = Request(task="wine")
    assert chosen(asked, None) is asked and chosen(asked, tmp_path / "new.toml") is asked
    for other, path, sentence in [
        (Request(), "new.toml", "there is no plan .*new.toml; name one that exists"),
        (asked, "no/new.toml", "cannot be written"),
        (asked, "new.txt", "cannot be written; name a .toml file"),
    ]:
        with pytest.raises(UserError, match=sentence):
            chosen(other, tmp_path / path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("taks = 'wine'", r"there is no key of a plan in .*p\.toml, 'taks'; did you mean 'tasks'"),
        ("task = 3", r"p\.toml: task = 3 is of the wrong type"),
        ("seeds = 2.5", r"seeds = 2\.5 is of the wrong type"),
        ("work = true", "work = True is of the wrong type"),
        ("ignore = 'a'", "ignore = 'a' is of the wrong type"),
        ("ignore = [1]", "is of the wrong type"),
        ("vary = 'optimizer'", r"vary must be a table, \[vary\]"),
        ("[vary]\nlr = 0.1", r"p\.toml: vary\.lr must be a list of values"),
        ("[arms]\na = 'optimizer=sgd'", r"arms\.a must be a table"),
        ("[recipe]\nwidth = [3]", r"recipe: width is \[3\], but must be a text, a number, true or false"),
        ("task = ", "is no TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence(text, sentence, tmp_path):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(UserError, match=sentence) as caught:
        read(tmp_path / "p.toml")
    assert "\n" not in str(caught.value)
