"""Records written by hand, as a run leaves them, for what reports show of them."""

import math
import random
from pathlib import Path
from typing import Any

from shoal.population.recipe import Outcome
from shoal.store.record import Record

TUNING = 1_000_000
MACHINE = {
    "processor": "Some CPU", "cores": 2, "memory_gib": 7.8, "system": "Linux x86_64", "device": "cpu",
    "versions": {"python": "3.11", "shoal": "0.1.0", "torch": "2.13.0"},
}  # fmt: skip
PLAN = 'task = "digits"\nmetric = "accuracy"\nbudget = 60.0\n\n[vary]\noptimizer = ["adam", "sgd"]\n'


def arm(name: str, mean: float | None = 0.96, base: float = 0.95, **changes: Any) -> dict[str, Any]:
    """An arm of a result as JSON has it, better than the baseline unless changed."""
    lr = f"{name}.lr"
    found = {
        "name": name, "hyper": {lr: 0.01}, "seeds": list(range(10)), "scores": [mean] * 10,
        "search_space": {lr: {"low": 1e-5, "high": 1e-1, "log": True, "tried": [1e-5, 1e-1]}},
        "counted": [mean] * 10, "mean": mean, "interval": [mean - 0.002, mean + 0.002],
        "difference": mean - base, "difference_interval": [mean - base - 0.003, mean - base + 0.003],
        "probability_of_improvement": 0.9, "p_corrected": 0.002, "train_loss": 0.1, "steps": 300.0,
        "evaluations": 300.0, "time_seconds": 0.2, "memory_bytes": 36000.0, "gap": 0.02, "diverged": 0,
        "edge": False, "more_seeds": None, "verdict": "better", "words": f"{name} in words",
        "axis": "optimizer",
    }  # fmt: skip
    return found | changes


def baseline(name: str = "adam", mean: float = 0.95, **changes: Any) -> dict[str, Any]:
    """The baseline's arm."""
    same = {"difference": 0.0, "difference_interval": [0.0, 0.0], "probability_of_improvement": 0.5}
    return arm(name, mean, **{**same, "p_corrected": None, "verdict": "baseline", **changes})


def result(*arms: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A result as JSON has it."""
    found = {
        "task": "digits", "metric": "accuracy", "higher_is_better": True, "judge": "score",
        "axis": "optimizer", "baseline": arms[0]["name"], "budget_seconds": 60.0, "work": None,
        "seconds": 59.0,
        "networks_trained": 1234, "member_steps": 300_000, "loop_seconds_estimate": 900.0, "alpha": 0.05,
        "margin": 0.01, "epochs": 15.0, "trials": 8, "tuning_seeds": [TUNING, TUNING + 1], "forecast": {},
        "arms": list(arms), "candidates": [],
        "outsiders": [{"name": "linear", "scores": {"0": 0.93, "1": None}, "seconds": 1.5}],
        "winner": None, "change": [], "notes": [], "interrupted": False, "plan_hash": "ab12", "folder": None,
    }  # fmt: skip
    return found | changes


def trial(arm: str, number: int, lr: float, score: float, seed: int = TUNING) -> Outcome:
    """The outcome of a tuning trial; NaN is one that diverged."""
    bad = math.isnan(score)
    return Outcome(
        f"tune/{arm}/{number}/{seed}", score, score, score, 0.3, 0.3, bad, 300, 300.0, 0.2, 36000,
        {"hyper": {f"{arm}.lr": lr}},
    )  # fmt: skip


def judged(arm: str, seed: int, curve: list[list[float]], diverged: bool = False) -> Outcome:
    """The outcome of an evaluation with its curve: step, loss, score, evaluations, seconds."""
    end = math.nan if diverged else curve[-1][2]
    return Outcome(
        f"evaluate/{arm}/{seed}", end, end, end, 0.1, 0.3, diverged, 300, 300.0, 0.2, 36000,
        {"curve": curve, "hyper": {f"{arm}.lr": 0.01}},
    )  # fmt: skip


def write(
    folder: Path, result: dict[str, Any], outcomes: list[Outcome], plan: str = PLAN, **choices: Any
) -> Path:
    """A results folder with a finished record."""
    folder.mkdir(parents=True, exist_ok=True)
    with Record(folder) as record:
        record.write_plan({"task": result["task"]})
        for key, value in {"machine": MACHINE, "data-notes": [], **choices}.items():
            record.choose(key, value)
        record.write_verdict(result)
    fill(folder, outcomes)
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    return folder


def fill(folder: Path, outcomes: list[Outcome]) -> None:
    """Many outcomes in one transaction, which a run writes one by one."""
    from shoal.store import record as module
    from shoal.store.schema import connect, transaction

    connection = connect(folder / "record.sqlite", write=True)
    with transaction(connection):
        rows = [(one.name.split("/")[0], *module._row_of(one)) for one in outcomes]
        connection.executemany(module._INSERT, rows)
    connection.close()


def random_run(folder: Path, arms: int = 3, seeds: int = 10, trials: int = 8, points: int = 10) -> Path:
    """A run of so many arms, with learning curves and tuning trials drawn by a fixed seed."""
    chance = random.Random(0)
    words = ("better", "same", "worse", "undecided", "under-tuned")
    names = [f"arm {number}" for number in range(arms)]
    found = [baseline(names[0])]
    outcomes = []
    for place, name in enumerate(names):
        peak = 0.95 + 0.02 * math.cos(place) * (place > 0)
        if place:
            word = words[(place - 1) % len(words)]
            more = 37 if word == "undecided" else None
            cost = 0.1 * (1 + chance.random() * 3)
            found.append(arm(name, peak, verdict=word, more_seeds=more, time_seconds=cost))
        for number in range(trials):
            lr = 10 ** (-5 + 4 * number / max(1, trials - 1))
            score = peak - 0.05 * (math.log10(lr) + 2) ** 2
            outcomes.append(trial(name, number, lr, math.nan if lr > 0.05 else score))
        found[place]["hyper"] = {f"{name}.lr": 10 ** (-5 + 4 * (trials // 2) / max(1, trials - 1))}
        for seed in range(seeds):
            luck = chance.gauss(0, 0.004)
            curve = []
            for point in range(1, points + 1):
                share = point / points
                score = peak - 0.2 * math.exp(-5 * share) + luck + chance.gauss(0, 0.003)
                curve.append(
                    [300 * share, 1.2 * math.exp(-3 * share) + 0.1 + luck, score, 300 * share, 0.2 * share]
                )
            outcomes.append(judged(name, seed, curve))
    return write(folder, result(*found), outcomes)
