"""The trainer as an interface: who can train a list of jobs.

``shoal.population.workers.PopulationTrainer`` trains them as stacks in worker processes. A table of
recorded runs, a user's callable or a cluster can stand in its place (tests of the protocol do this).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from shoal.population.recipe import Job, Outcome, Progress, Recipe


class Trainer(Protocol):
    def train(
        self,
        phase: str,
        jobs: Sequence[Job],
        *,
        done: Collection[str] = (),
        deadline: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        checkpoints: Path | None = None,
    ) -> Iterator[Outcome]:
        """Train ``jobs`` and yield each outcome when it is there, in no fixed order.

        ``jobs`` is the whole phase, ``done`` the names already recorded: they are not trained again, yet
        still decide who is stacked with whom, so that a resumed phase repeats the undisturbed one bit by
        bit. At ``deadline`` (time.monotonic) what is unfinished is abandoned. ``checkpoints`` is a folder
        for unfinished stacks. Closing the iterator stops the workers' current stacks.
        """
        ...

    def measure(self, recipes: Sequence[Recipe], seconds: float) -> list[float]:
        """Member-steps per second to expect of each recipe, from measurements of ``seconds`` in all."""
        ...

    def steps(self, recipe: Recipe) -> int:
        """Steps one training with this recipe takes on this task."""
        ...
