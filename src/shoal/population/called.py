"""A trainer that calls the user's own function for every run."""

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from numbers import Real

from shoal.errors import UserError
from shoal.population.recipe import Job, Outcome, Progress, Recipe
from shoal.population.recorded import outcome
from shoal.population.trainer import Memory
from shoal.tasks.own_network import call

Function = Callable[[Recipe, int], float | Mapping[str, float]]
_KNOWN = (
    "score", "valid_score", "test_score", "train_score", "train_loss", "valid_loss", "steps", "evaluations",
    "memory",
)  # fmt: skip


class CalledTrainer:
    """Fulfils ``shoal.population.trainer.Trainer`` with ``function(recipe, seed)``, one run after the other.

    The function trains with the recipe however it likes, drawing all of its chance from the seed, and returns
    its score, or a dict with "valid_score", which hyperparameters are chosen by, and "test_score", which is
    judged ("score" is both), and what it knows of "train_score", "train_loss", "valid_loss", "steps",
    "evaluations" and "memory". NaN: the run diverged. One call counts as one step of work.
    Whatever it raises, or returns instead of that, becomes a UserError.
    """

    def __init__(self, function: Function):
        self.function = function

    def steps(self, recipe: Recipe) -> int:
        """One: a call."""
        return 1

    def prepare(self, recipes: Sequence[Recipe], left: float, say: Callable[[str], None]) -> None:
        """There is nothing to get ready."""

    def measure(self, recipes: Sequence[Recipe], seconds: float, together: int | None = None) -> list[float]:
        """Calls a second: the first recipe's is timed, once, and taken for all of them."""
        started = time.perf_counter()
        self._found(Job("measure", recipes[0], 0))
        return [1 / max(time.perf_counter() - started, 1e-6) for _ in recipes]

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
        """Call the function for each job that is not done, until the deadline."""
        finished = 0
        for job in jobs:
            if job.name in done:
                continue
            if deadline is not None and time.monotonic() > deadline:
                return
            started = time.perf_counter()
            found = self._found(job)
            finished += 1
            if on_progress is not None:
                on_progress(Progress(finished, finished, "calling your function"))
            yield outcome(job, found, time.perf_counter() - started)

    def _found(self, job: Job) -> Mapping[str, float]:
        made = call("your function", self.function, job.recipe, job.seed)
        found = made if isinstance(made, Mapping) else {"score": made}
        for name, value in found.items():
            if name not in _KNOWN:
                raise UserError(
                    f"your function returned {name!r}, which means nothing; {', '.join(_KNOWN)} do"
                )
            if isinstance(value, bool) or not isinstance(value, Real):
                raise UserError(f"your function returned {value!r} as {name}; a plain number is needed")
            if math.isinf(value):
                raise UserError(f"your function returned an infinite {name}; NaN says that a run diverged")
        if "score" not in found and not {"valid_score", "test_score"} <= set(found):
            raise UserError("your function returned no score, nor a valid_score and a test_score")
        return found
