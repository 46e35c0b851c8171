"""scores.csv and curves.csv hold every judged network, and nothing that was tuned with."""

import csv
import math

from shoal.experiments.export import write
from shoal.experiments.planning import make_plan
from shoal.population.recipe import Outcome

from .simulated import task

PLAN = make_plan(task(), {"optimizer": ["sgd", "adam"]})
CURVE = [[5, 0.9, 0.5, 6.0, 0.1], [10, 0.4, 0.7, 12.0, 0.25]]


def outcome(name: str, **changes) -> Outcome:
    found = Outcome(name, 0.7, 0.6, 0.9, 0.1, 0.4, False, 10, 12.0, 0.25, 1000, {})
    return found._replace(**changes)


def rows(folder, name):
    with open(folder / name, newline="") as file:
        return list(csv.DictReader(file))


def test_every_judged_network_is_a_row_and_every_point_of_its_curve(tmp_path):
    details = {"curve": CURVE, "metrics": {"accuracy": 0.6, "f1": 0.55}}
    bad = dict(diverged=True, test_score=math.nan, train_loss=math.inf)
    found = [
        outcome("evaluate/adam/10", details=details),
        outcome("tune/adam/0/1000000"),
        outcome("evaluate/adam/2", **bad),
        outcome("evaluate/sgd/2", details=details),
    ]
    write(tmp_path, {one.name: one for one in found}, PLAN)
    scores = rows(tmp_path, "scores.csv")
    assert [(row["arm"], row["seed"]) for row in scores] == [("sgd", "2"), ("adam", "2"), ("adam", "10")]
    assert scores[0] == {
        "arm": "sgd", "seed": "2", "accuracy": "0.6", "f1": "0.55", "valid_accuracy": "0.7",
        "train_accuracy": "0.9", "train_loss": "0.1", "valid_loss": "0.4", "steps": "10",
        "evaluations": "12.0", "seconds": "0.25", "memory": "1000", "diverged": "false",
    }  # fmt: skip
    assert (scores[1]["accuracy"], scores[1]["f1"], scores[1]["train_loss"]) == ("", "", "")
    assert scores[1]["diverged"] == "true"
    curves = rows(tmp_path, "curves.csv")
    assert [row["seed"] for row in curves] == ["2", "2", "10", "10"]
    assert curves[1] == {
        "arm": "sgd", "seed": "2", "step": "10", "evaluations": "12.0", "seconds": "0.25", "loss": "0.4",
        "score": "0.7",
    }  # fmt: skip


def test_arms_may_have_any_name(tmp_path):
    names = ['a, "b"', "./mine.py", "x/y"]
    plan = make_plan(task(), arms={name: f"width={place + 1}" for place, name in enumerate(names)})
    write(tmp_path, {f"evaluate/{name}/0": outcome(f"evaluate/{name}/0") for name in names}, plan)
    assert [row["arm"] for row in rows(tmp_path, "scores.csv")] == names
    assert rows(tmp_path, "curves.csv") == []
