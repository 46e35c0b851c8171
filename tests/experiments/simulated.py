"""A trainer whose networks are formulas: score as a function of technique, lr, weight decay and seed."""

import json
import math
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from shoal.experiments.budget import Clock
from shoal.experiments.compare import carry_out
from shoal.experiments.planning import make_plan
from shoal.experiments.result import Result
from shoal.experiments.standing import Watch
from shoal.experiments.training import Training
from shoal.population.recipe import Job, Outcome, Progress, Recipe
from shoal.population.trainer import Memory
from shoal.tasks.task import Prepared, Task

ROWS, TEST_ROWS = 1000, 200


def task(metric: str = "accuracy", rows: int = ROWS, **changes: object) -> Task:
    """A task with rows and a name, and nothing to learn."""

    def prepare(seed: int) -> Prepared:
        numbers = torch.arange(rows + TEST_ROWS)
        y = torch.linspace(-1.5, 1.5, rows + TEST_ROWS)[:, None] if metric == "rmse" else numbers % 10
        x = torch.zeros(rows + TEST_ROWS, 4)
        return Prepared(x, y, numbers[: rows - 100], numbers[rows - 100 : rows], numbers[rows:], 2.0)

    kind = "regression" if metric == "rmse" else "classification"
    fields = {
        "name": "simulated", "kind": kind, "metric": metric, "features": (4,), "outputs": 10,
        "train_rows": rows, "prepare": prepare, "fingerprint": "none",
    }  # fmt: skip
    return Task(**{**fields, **changes})  # type: ignore[arg-type]


class Killed(BaseException):
    """The process dies here."""


class SimulatedTrainer:
    """score = peak[value] - curvature · (log10 lr - best)² + luck(seed) + noise(job), clipped to [0, 1].

    ``peak`` and ``best_lr`` are looked up by the recipe's ``field``. seconds_per_step: real time slept.
    diverge: lr above which a member diverges. die_after: raise Killed after so many outcomes. effects:
    (field, value) → what it adds to the score. Outcomes come in an order that depends on the phase alone.
    """

    def __init__(
        self,
        peak: dict[object, float] | None = None,
        best_lr: dict[object, float] | None = None,
        *,
        field: str = "optimizer",
        spread: float = 0.01,
        curvature: float = 0.02,
        seconds_per_step: float = 0.0,
        overhead: float = 0.0,
        claimed_rate: float = 1e5,
        diverge: float = math.inf,
        rows: int = ROWS,
        die_after: int | None = None,
        interrupt_after: int | None = None,
        fails: Callable[[Job], bool] = lambda job: False,
        effects: Mapping[tuple[str, object], float] | None = None,
        salt: int = 0,
    ):
        self.salt, self.effects = salt, effects or {}
        self.peak, self.best_lr, self.field = peak or {}, best_lr or {}, field
        self.spread, self.curvature, self.diverge = spread, curvature, diverge
        self.seconds_per_step, self.overhead, self.claimed_rate = seconds_per_step, overhead, claimed_rate
        self.rows, self.die_after, self.interrupt_after, self.fails = rows, die_after, interrupt_after, fails
        self.trained: list[tuple[str, Job]] = []
        self.closed = 0

    def steps(self, recipe: Recipe) -> int:
        batch = self.rows if recipe.batch_size == "all" else recipe.batch_size
        return max(1, round(recipe.epochs * math.ceil(self.rows / batch)))

    def prepare(self, recipes: Sequence[Recipe], left: float, say: Callable[[str], None]) -> None:
        """Nothing to build."""

    def measure(self, recipes: Sequence[Recipe], seconds: float, together: int | None = None) -> list[float]:
        return [self.claimed_rate for _ in recipes]

    def train(
        self,
        phase: str,
        jobs: Sequence[Job],
        *,
        done: Collection[str] = (),
        deadline: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        memory: Memory | None = None,
    ) -> Iterator[Outcome]:
        time.sleep(self.overhead)
        steps = 0
        try:
            for number in np.random.default_rng(len(jobs)).permutation(len(jobs)):
                job = jobs[number]
                if job.name in done:
                    continue
                if self.seconds_per_step:
                    time.sleep(self.steps(job.recipe) * self.seconds_per_step)
                if deadline is not None and time.monotonic() > deadline:
                    return
                if self.die_after is not None and len(self.trained) >= self.die_after:
                    raise Killed
                if self.interrupt_after is not None and len(self.trained) >= self.interrupt_after:
                    raise KeyboardInterrupt
                self.trained.append((phase, job))
                steps += self.steps(job.recipe)
                if on_progress is not None:
                    on_progress(Progress(len(self.trained), steps, "simulated"))
                yield self._outcome(job)
        finally:
            self.closed += 1

    def _outcome(self, job: Job) -> Outcome:
        recipe, steps = job.recipe, self.steps(job.recipe)
        value = getattr(recipe, self.field)
        lr = recipe.hyper.get(f"{recipe.optimizer}.lr", 1e-3)
        luck = np.random.default_rng([self.salt, job.seed]).normal()
        own = np.random.default_rng([self.salt, job.seed, zlib.crc32(repr(recipe).encode())])
        mean = self.peak.get(value, 0.8)
        mean += sum(gain for (name, one), gain in self.effects.items() if getattr(recipe, name) == one)
        mean -= self.curvature * (math.log10(lr) - math.log10(self.best_lr.get(value, 1e-3))) ** 2
        valid, test, train = (mean + self.spread * (luck + own.normal()) / math.sqrt(2) for _ in range(3))
        bad = lr > self.diverge or self.fails(job)
        drawn = (valid, test, train + 0.05)
        scores = [math.nan] * 3 if bad else [min(max(float(one), 0.0), 1.0) for one in drawn]
        losses = [math.nan] * 2 if bad else [1 - scores[2], 1 - scores[0]]
        seconds = steps * max(self.seconds_per_step, 1e-6)
        return Outcome(job.name, *scores, *losses, bad, steps, float(steps), seconds, 1000, {})


class Memory:
    """A record that lasts as long as the object; like the real one, everything passes through JSON."""

    def __init__(self) -> None:
        self._outcomes: dict[str, dict[str, Outcome]] = {}
        self._choices: dict[str, str] = {}

    def outcomes(self, phase: str) -> dict[str, Outcome]:
        return dict(self._outcomes.get(phase, {}))

    def add_outcome(self, phase: str, outcome: Outcome) -> bool:
        return self._outcomes.setdefault(phase, {}).setdefault(outcome.name, outcome) is outcome

    def choice(self, key: str) -> Any | None:
        return self.choices().get(key)

    def choices(self) -> dict[str, Any]:
        return {key: json.loads(text) for key, text in self._choices.items()}

    def choose(self, key: str, value: Any) -> Any:
        return json.loads(self._choices.setdefault(key, json.dumps(value)))


def run(
    trainer: SimulatedTrainer,
    vary: str | None = "optimizer=adam,sgd",
    *,
    record: Memory | None = None,
    of: Task | None = None,
    started: float | None = None,
    watch: Watch | None = None,
    **options: Any,
) -> Result:
    """A comparison with a trainer that simulates, recorded in memory."""
    of = of or task()
    plan = make_plan(of, vary, **options)
    clock = Clock(plan.budget_seconds, started)
    return carry_out(plan, of, Training(trainer, record or Memory(), clock, plan, watch))
