"""What may be asked: the task, the margin, the race to a score; what is wrong is one sentence."""

from dataclasses import replace

import pytest
import torch

from shoal.errors import UserError
from shoal.experiments.plan import Margin
from shoal.experiments.request import Request, check, margin_of, margin_text, reach_of, task_of

from .simulated import task

X, Y = torch.randn(60, 3, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 3


def test_a_task_is_a_name_a_task_or_tensors(tmp_path):
    assert task_of(Request(task="wine")).name == "wine"
    mine = task()
    assert task_of(Request(task=mine)) is mine
    assert task_of(Request(task=(X, Y))).outputs == 3
    file = tmp_path / "t.csv"
    file.write_text("a,b,y\n" + "".join(f"{n % 11},{n % 7},{n % 3}\n" for n in range(60)))
    table = task_of(Request(task=file, target="y", kind="regression", ignore=("b",)))
    assert table.kind == "regression" and table.features == (1,)


def test_a_metric_takes_the_place_of_the_tasks_own():
    assert task_of(Request(task="wine", metric="f1")).metric == "f1"


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (Request(), "there is no task to compare on"),
        (Request(task=(X,)), r"is \(x, y\) or \(x, y, network\), not 1 things"),
        (Request(task=(X, Y), target="y"), "target 'y' is for tables, but the task is given as data"),
        (Request(task=3), "a task is"),
        (Request(task="wine", metric="rmse"), "metric 'rmse' is for regression"),
        (Request(task="wine", metric="acuracy"), "there is no metric 'acuracy'; did you mean 'accuracy'"),
        (Request(task="wine", group="a"), "'wine' is no table"),
    ],
)
def test_what_is_no_task_is_one_sentence(request_, sentence):
    with pytest.raises(UserError, match=sentence):
        task_of(request_)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"budget": "3s", "work": 10}, "give a budget or work, not both"),
        ({"vary": "lr", "arms": {"a": ""}}, "give arms or axes to vary, not both"),
        ({"trials": 0}, "trials 0 is no whole number of at least 1"),
        ({"trials": 3}, "3 trials are no tuning; give at least 4"),
        ({"seeds": True}, "seeds True is no whole number"),
        ({"alpha": 1.0}, r"alpha 1\.0 is no error rate between 0 and 1"),
        ({"judge": "beauty"}, "there is no judge 'beauty'"),
        ({"device": "abacus"}, "there is no device 'abacus'"),
    ],
)
def test_wrong_options_are_one_sentence(options, sentence):
    with pytest.raises(UserError, match=sentence):
        check(Request(task="wine", **options))


def test_a_margin_is_a_number_or_a_share():
    of = task()
    assert margin_of(Request(margin=0.02), of) == Margin(0.02, False)
    assert margin_of(Request(margin="0.02"), of) == Margin(0.02, False)
    assert margin_of(Request(margin=" 3 % "), of) == Margin(0.03, True)
    assert margin_of(Request(judge="steps"), of) == Margin(0.05, True)


@pytest.mark.parametrize("value", [0.0, 0.07, 0.1 + 0.2, 1e-9, 3.0])
@pytest.mark.parametrize("relative", [True, False])
def test_a_margins_text_is_read_back_exactly(value, relative):
    margin = Margin(value, relative)
    assert margin_of(Request(margin=margin_text(margin)), task()) == margin


@pytest.mark.parametrize("margin", ["-1", "much", "%", float("nan"), True])
def test_a_wrong_margin_is_one_sentence(margin):
    with pytest.raises(UserError, match="is no number of at least 0 and no share"):
        margin_of(Request(margin=margin), task())


def test_a_margin_that_is_a_share_of_infinity_is_nothing():
    assert Margin(0.05, True).absolute(float("inf")) == 0.0
    assert Margin(0.05, True).absolute(-4.0) == 0.2
    assert Margin(0.05, False).absolute(float("inf")) == 0.05


def test_a_race_needs_a_judge_that_races_and_a_score_that_can_be_had():
    race = Request(judge="steps", reach=0.9)
    assert reach_of(race, task()) == 0.9 and reach_of(Request(), task()) is None
    assert reach_of(replace(race, reach=12), task("rmse")) == 12.0
    for request_, sentence in [
        (Request(reach=0.9), "judge must be time, steps or evaluations, not score"),
        (replace(race, reach=95), "reach 95 is no accuracy that can be reached"),
        (replace(race, reach=float("nan")), "reach nan is no accuracy"),
        (replace(race, reach="high"), "reach 'high' is no accuracy"),
    ]:
        with pytest.raises(UserError, match=sentence):
            reach_of(request_, task())


def test_a_metric_that_the_rows_leave_undefined_is_told_before_training():
    x, y = torch.randn(200, 3), torch.tensor([0] * 199 + [1])
    with pytest.raises(UserError, match=r"auroc' is undefined on the .* rows .*give that class more rows"):
        task_of(Request(task=(x, y), metric="auroc"))
