"""A trainer that trains nothing: it looks every run up in a table of recorded ones."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from shoal.errors import UserError
from shoal.population.recipe import Job, Outcome, Progress, Recipe
from shoal.population.trainer import Memory

Value = str | int | float | bool


class RecordedTrainer:
    """Fulfils ``shoal.population.trainer.Trainer`` with a full grid of recorded runs.

    names: of the table's axes, as recipes call them ("width", "adam.lr", "activation"); an axis may stand
    twice where the runs had two such numbers (two layers' widths). values: of each axis, in its order.
    scores: [*lengths of the axes, repeats], NaN where a run failed.

    What a run is depends on the recipe in the axes ``compared``, whose values must be recorded ones, and
    ``tuned``, where the nearest recorded number is taken (in ratio where all are positive). The repeat and
    all other axes are its circumstances: they are drawn by the run's seed, alike for every recipe. So the
    seeds of a comparison stand for independent circumstances, of which a table has
    repeats × the values of the other axes.

    One look-up is one step, so ``work`` counts look-ups. Raises UserError for axes that do not fit the
    scores, and names that are no axis; in training for values that are not recorded and hyperparameters that
    the table does not have.
    """

    def __init__(
        self,
        names: Sequence[str],
        values: Sequence[Sequence[Value]],
        scores: Float[ndarray, "*axes repeats"],
        *,
        compared: Collection[str],
        tuned: Collection[str] = (),
    ):
        self.names, self.values, self.scores = tuple(names), tuple(map(tuple, values)), scores
        self.compared, self.tuned = frozenset(compared), frozenset(tuned)
        sizes = tuple(map(len, self.values))
        if len(self.names) != len(sizes) or scores.shape[:-1] != sizes:
            raise UserError(
                f"scores of shape {list(scores.shape)} are no grid of {len(names)} axes with {sizes} values "
                "and one of repeats behind them"
            )
        for name in sorted(self.compared | self.tuned):
            if name not in self.names:
                raise UserError(f"{name} is no axis of the table; it has: {', '.join(self.names)}")

    def look_up(self, recipe: Recipe, seed: int) -> float:
        """The recorded score of a recipe under a seed's circumstances; NaN for a failed run."""
        for name, value in recipe.hyper.items():
            if value != 0 and name not in self.names:
                raise UserError(
                    f"the table knows nothing of {name}, which is {value:g}; set {name}=0 in the recipe"
                )
        draw = np.random.default_rng(seed)
        place = []
        for name, values in zip(self.names, self.values, strict=True):
            chance = int(draw.integers(len(values)))  # drawn for every axis, so that recipes share the others
            place.append(self._place(name, values, recipe) if name in self.compared | self.tuned else chance)
        return float(self.scores[(*place, int(draw.integers(self.scores.shape[-1])))])

    def _place(self, name: str, values: Sequence[Value], recipe: Recipe) -> int:
        wanted = _value(name, recipe)
        if name in self.compared or not isinstance(wanted, int | float):
            for place, value in enumerate(values):
                if value == wanted or _close(value, wanted):
                    return place
            raise UserError(
                f"no run is recorded with {name} {wanted}; there are runs with {', '.join(map(str, values))}"
            )
        numbers = np.array(values, dtype=np.float64)
        if (numbers > 0).all() and wanted > 0:
            return int(np.abs(np.log(numbers / wanted)).argmin())
        return int(np.abs(numbers - wanted).argmin())

    def steps(self, recipe: Recipe) -> int:
        """One: a look-up."""
        return 1

    def prepare(self, recipes: Sequence[Recipe], left: float, say: Callable[[str], None]) -> None:
        """There is nothing to get ready."""

    def measure(self, recipes: Sequence[Recipe], seconds: float, together: int | None = None) -> list[float]:
        """Look-ups a second, roughly."""
        return [1e4 for _ in recipes]

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
        """Look up each job; the one recorded score is its validation, test and training score."""
        for job in jobs:
            if job.name not in done:
                yield outcome(job, {"score": self.look_up(job.recipe, job.seed)}, 0.0)


def outcome(job: Job, found: Mapping[str, float], seconds: float) -> Outcome:
    """What became of a job that was trained elsewhere.

    found: "score", or "valid_score" and "test_score" (and "train_score"), and where they are known
    "train_loss", "valid_loss", "steps", "evaluations", "memory". Without a score that is finite it diverged.
    """
    given: dict[str, Any] = {name: found["score"] for name in _SCORES if "score" in found}
    given |= {name: one for name, one in found.items() if name != "score"}
    diverged = not all(math.isfinite(given[name]) for name in ("valid_score", "test_score"))
    steps = int(given.get("steps", 1))

    def number(name: str) -> float:
        return math.nan if diverged else float(given.get(name, math.nan))

    return Outcome(
        name=job.name,
        valid_score=number("valid_score"),
        test_score=number("test_score"),
        train_score=number("train_score"),
        train_loss=number("train_loss"),
        valid_loss=number("valid_loss"),
        diverged=diverged,
        steps=steps,
        evaluations=float(given.get("evaluations", steps)),
        seconds=seconds,
        memory=int(given.get("memory", 0)),
        details={},
    )


_SCORES = ("valid_score", "test_score", "train_score")


def _value(name: str, recipe: Recipe) -> Value:
    """What a recipe says on an axis; a hyperparameter that it leaves out is 0: the regularizer is off."""
    if "." in name:
        return recipe.hyper.get(name, 0.0)
    found: Value = getattr(recipe, name)
    return found


def _close(one: Value, other: Value) -> bool:
    """Whether both are numbers, and the same but for rounding."""
    return isinstance(one, int | float) and isinstance(other, int | float) and math.isclose(one, other)
