"""Carrying out a plan: size, tune, evaluate.

Each phase is a pure function of the plan and of what is recorded of earlier phases, and whatever a clock
decided is recorded before it is acted on. So a run that was killed continues as if it had not been.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shoal.experiments import sizing, trials
from shoal.experiments.evaluation import evaluate, paired
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size, Tuning
from shoal.experiments.training import Training
from shoal.experiments.trials import Best
from shoal.experiments.tuning import Points, tune
from shoal.population.recipe import Outcome

SAFETY = 0.85
"""Share of the time left that a forecast may fill."""
_MEASURING, _MEASURING_AT_MOST = 0.08, 4.0


class Finished(NamedTuple):
    """How a run ended: by arm the chosen point and the outcomes by evaluation seed, the same seeds for all.

    tried: by arm the points that were tuned with. tuned: whether every arm with something to tune got its
    point from at least ``trials.FEWEST`` trials.
    """

    size: Size
    best: Mapping[str, Best]
    tried: Points
    tuned: bool
    outcomes: Mapping[str, Mapping[int, Outcome]]
    interrupted: bool
    networks: int
    member_steps: int


def size_of(plan: Plan, training: Training) -> Size:
    """What the budget pays, decided once and recorded."""
    recorded = training.decided("size", lambda: _decide(plan, training))
    training.pace = recorded["pace"]
    return Size(
        recorded["epochs"],
        Tuning(**recorded["tuning"]),
        recorded["evaluation_seeds"],
        tuple(recorded["notes"]),
    )


def complete(plan: Plan, training: Training, size: Size) -> Finished:
    """Tune and evaluate; Ctrl-C ends it early, with what is finished."""
    best = {arm.name: Best(0, trials.points(arm, 1)[0], 0) for arm in plan.arms}
    tried: Points = {}
    tuned = not any(arm.space for arm in plan.arms)
    interrupted = False
    try:
        if size.tuning.seeds:
            chosen, tried = tune(plan, training, size)
            best, tuned = {**best, **chosen}, bool(chosen)
        evaluate(plan, training, size, best)
    except KeyboardInterrupt:
        interrupted = True
    everything = [one for found in training.phases.values() for one in found.values()]
    steps = sum(one.steps for one in everything)
    outcomes = paired(plan, training)
    return Finished(size, best, tried, tuned, outcomes, interrupted, len(everything), steps)


def _decide(plan: Plan, training: Training) -> dict[str, Any]:
    """The size as plain data, and ``pace``: seconds (a budget) a network takes in the mean over the arms."""
    epochs = sizing.lengths(plan.train_rows)
    rates, capacity = [1.0] * len(plan.arms), float(plan.work or 0)
    if plan.work is None:
        training.announce("measure", 0, "measuring how fast each arm trains")
        recipes = [arm.at(trials.points(arm, 1)[0], epochs[0]) for arm in plan.arms]
        seconds = min(_MEASURING_AT_MOST, _MEASURING * training.clock.left)
        rates = training.trainer.measure(recipes, seconds)
        capacity = SAFETY * training.clock.left

    def cost(length: float) -> float:
        pairs = zip(plan.arms, rates, strict=True)
        return sum(training.trainer.steps(arm.at({}, length)) / rate for arm, rate in pairs)

    size = sizing.decide(cost, capacity, epochs, plan.seeds, tune=any(arm.space for arm in plan.arms))
    pace = cost(size.epochs) / len(plan.arms)
    return {**size._asdict(), "tuning": size.tuning._asdict(), "pace": pace}
