"""Results written by hand, for what prints them."""

import math
from dataclasses import replace
from typing import Any

from shoal.experiments.forecast import Forecast
from shoal.experiments.result import ArmResult, Result

BASELINE = ArmResult(
    name="adam",
    hyper={"adam.lr": 0.001},
    search_space={},
    seeds=(0, 1),
    scores=(0.95, 0.97),
    counted=(0.95, 0.97),
    mean=0.96,
    interval=(0.95, 0.97),
    difference=0.0,
    difference_interval=(0.0, 0.0),
    probability_of_improvement=0.5,
    p_corrected=1.0,
    train_loss=0.1,
    steps=1536.0,
    evaluations=1536.0,
    time_seconds=0.42,
    memory_bytes=1000.0,
    gap=0.02,
    diverged=0,
    edge=False,
    more_seeds=None,
    verdict="baseline",
    words="",
)


def arm(name: str, **changes: Any) -> ArmResult:
    """An arm that differs from the baseline as said."""
    return replace(BASELINE, name=name, **changes)


def result(*arms: ArmResult, **changes: Any) -> Result:
    """A comparison of ``arms`` on digits by accuracy."""
    whole = Result(
        task="digits",
        metric="accuracy",
        higher_is_better=True,
        judge="score",
        axis="optimizer",
        baseline="adam",
        budget_seconds=60.0,
        work=None,
        seconds=59.2,
        networks_trained=1234,
        member_steps=1_000_000,
        loop_seconds_estimate=1560.0,
        alpha=0.05,
        margin=0.01,
        epochs=30.0,
        trials=16,
        tuning_seeds=(1_000_000, 1_000_001),
        forecast=Forecast(1000, 1_000_000, 20, 0.01, 0.01, False, ""),
        arms=arms,
        candidates=(),
        outsiders=(),
        winner=None,
        change=(),
        notes=(),
        interrupted=False,
        plan_hash="",
        folder=None,
    )
    return replace(whole, **changes)


NOTHING = arm(
    "sgd",
    mean=math.nan,
    difference=math.nan,
    difference_interval=(-math.inf, math.inf),
    time_seconds=math.nan,
    steps=math.nan,
    verdict="undecided",
)
