"""Carrying out a plan: size, tune, evaluate.

Each phase is a pure function of the plan and of what is recorded of earlier phases, and whatever a clock
decided is recorded before it is acted on. So a run that was killed continues as if it had not been.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from shoal.experiments import conditions, screening, sequential, sizing, trials
from shoal.experiments.conditions import ConditionResult
from shoal.experiments.evaluation import blocks, evaluate, recorded
from shoal.experiments.plan import Plan
from shoal.experiments.screening import Candidate
from shoal.experiments.sequential import Block
from shoal.experiments.sizing import Size, Tuning
from shoal.experiments.training import Training
from shoal.experiments.trials import Best
from shoal.experiments.tuning import Points, Tuned, tune
from shoal.population.recipe import Job, Outcome
from shoal.tasks.task import Task

SAFETY = 0.85
"""Share of the time left that a forecast may fill."""
_ATTEMPTS, _PROBED = 3, 4  # attempts at a size; steps of the probe
_MEASURING, _MEASURING_AT_MOST = 0.04, 2.0


class Finished(NamedTuple):
    """How a run ended: the plan of what was judged (of a screening, the best of each axis; candidates are all
    that were tried), by arm the chosen point and the outcomes by evaluation seed.

    An arm that was decided early has the first of the baseline's seeds. tried: by arm the points that were
    tuned with. tuned: whether every arm with something to tune got its point from at least
    ``trials.FEWEST`` trials. tuning_seeds: what they were tuned on. blocks: see ``sequential``.
    """

    plan: Plan
    candidates: tuple[Candidate, ...]
    size: Size
    best: Mapping[str, Best]
    tried: Points
    tuned: bool
    tuning_seeds: tuple[int, ...]
    outcomes: Mapping[str, Mapping[int, Outcome]]
    blocks: tuple[Block, ...]
    conditions: tuple[ConditionResult, ...]
    interrupted: bool
    networks: int
    member_steps: int


def size_of(plan: Plan, training: Training, attempt: int = 0) -> Size:
    """What the budget pays, decided once an attempt and recorded; a later attempt knows the real pace."""

    def decide() -> dict[str, Any]:
        return screening.size(plan, training) if plan.screens else _decide(plan, training, attempt)

    recorded = training.decided(f"size-{attempt}", decide)
    training.pace = recorded["pace"]
    tuning, notes = Tuning(**recorded["tuning"]), tuple(recorded["notes"])
    return Size(recorded["epochs"], tuning, recorded["evaluation_seeds"], notes)


def complete(plan: Plan, task: Task, training: Training, size: Size) -> Finished:
    """Tune and evaluate; Ctrl-C ends it early, with what is finished."""
    best = {arm.name: Best(0, trials.points(arm, 1)[0], {}) for arm in plan.arms}
    tuned, interrupted = Tuned({}, {}), False
    others: conditions.Points = {}
    candidates: tuple[Candidate, ...] = ()
    try:
        if plan.screens:
            screened = screening.screen(plan, training, size)
            tuned, candidates = Tuned(screened.best, screened.points), screened.candidates
            training.plan = plan = screened.plan
        else:
            size, tuned = _tune(plan, training, size)
        best = {**best, **tuned.best}
        evaluate(plan, task, training, size, best, _tuned(plan, tuned), others)
    except KeyboardInterrupt:
        interrupted = True
    everything = [one for found in training.phases.values() for one in found.values()]
    return Finished(
        plan=plan,
        candidates=candidates,
        size=size,
        best=best,
        tried=tuned.points,
        tuned=_tuned(plan, tuned),
        tuning_seeds=tuple(
            plan.tuning_seeds(1 + size.tuning.finals * (1 if plan.screens else 2), tuned.attempt)
        ),
        outcomes=sequential.merged(blocks(plan, training), recorded(plan, training)),
        blocks=tuple(blocks(plan, training)),
        conditions=conditions.judge(
            plan,
            task,
            {name: one for found in training.phases.values() for name, one in found.items()},
            size,
            others,
        ),
        interrupted=interrupted,
        networks=len(everything),
        member_steps=sum(one.steps for one in everything),
    )


def _tune(plan: Plan, training: Training, size: Size) -> tuple[Size, Tuned]:
    """The best points, tuned with the size that turned out to fit."""
    for attempt in range(_ATTEMPTS):
        size = size if attempt == 0 else size_of(plan, training, attempt)
        last = attempt == _ATTEMPTS - 1 or size.epochs == _lengths(plan)[-1]
        tuned = tune(plan, training, size, attempt, last)
        if tuned is not None:
            return size, tuned
    return size, Tuned({}, {})


def _tuned(plan: Plan, tuned: Tuned) -> bool:
    return bool(tuned.best) or not any(arm.space for arm in plan.arms)


def probe(plan: Plan, training: Training) -> None:
    """One short training, before anything long is begun: a user's module or data that fail, fail at once."""
    arm = next(arm for arm in plan.arms if arm.name == plan.baseline)
    shortest = sizing.lengths(plan.train_rows)[-1]
    recipe = replace(arm.at(trials.points(arm, 1)[0], shortest), epochs=shortest)
    recipe = replace(recipe, epochs=shortest * min(1.0, _PROBED / training.trainer.steps(recipe)))
    job = Job("probe", recipe, plan.tuning_seeds(1)[0], judged=False)
    training.train("probe", [job], training.clock.deadline)


def _lengths(plan: Plan) -> list[float]:
    return sizing.lengths(plan.train_rows, [arm.epochs for arm in plan.arms])


def _decide(plan: Plan, training: Training, attempt: int) -> dict[str, Any]:
    """The size as plain data, with ``rates``, steps a second by arm (1 if none matter), and ``pace``, the
    seconds a network takes in the mean over the arms."""
    epochs, capacity = _lengths(plan), float(plan.work or 0)
    if plan.work is not None:
        rates = [1.0] * len(plan.arms)
    elif attempt == 0:
        recipes = [arm.at(trials.points(arm, 1)[0], epochs[0]) for arm in plan.arms]
        training.trainer.prepare(
            recipes, training.clock.left, lambda words: training.announce("prepare", 0, words)
        )
        training.announce("measure", 0, "measuring how fast each arm trains")
        rates = training.trainer.measure(recipes, min(_MEASURING_AT_MOST, _MEASURING * training.clock.left))
    else:
        before = training.journal.choice(f"size-{attempt - 1}")
        assert before is not None
        rates = [rate * before["pace"] / training.pace for rate in before["rates"]]
        epochs = [length for length in epochs if length < before["epochs"]]
    if plan.work is None:
        capacity = SAFETY * training.clock.left
    capacity /= 1 + sum(plan.lengths)  # each length takes its share of what the full one takes

    def cost(length: float) -> float:
        pairs = zip(plan.arms, rates, strict=True)
        return sum(training.trainer.steps(arm.at({}, length)) / rate for arm, rate in pairs)

    longest = _lengths(plan)[0]
    tune = any(arm.space for arm in plan.arms)
    size = sizing.decide(cost, capacity, epochs, longest, plan.seeds, tune, plan.trials, len(plan.arms))
    pace = cost(size.epochs) / len(plan.arms)
    return {**size._asdict(), "tuning": size.tuning._asdict(), "rates": rates, "pace": pace}
