"""The trainer as an interface: who can train a list of jobs, and what it may remember.

``shoal.population.workers.PopulationTrainer`` trains them as stacks in worker processes. A table of
recorded runs, a user's callable or a cluster can stand in its place (tests of the protocol do this).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from shoal.population.recipe import Job, Outcome, Progress, Recipe


class Memory(Protocol):
    """What survives a kill: choices (the first one stays) and checkpoints of unfinished shards."""

    def choose(self, key: str, value: Any) -> Any:
        """Records a choice before it is acted on; returns what is recorded under ``key``."""
        ...

    def save(self, name: str, tensors: Mapping[str, Tensor], meta: Any) -> None:
        """Writes a checkpoint whole or not at all; called in worker processes."""
        ...

    def load(self, name: str) -> tuple[Mapping[str, Tensor], Any] | None:
        """The checkpoint, or None if there is none that can be trusted."""
        ...

    def drop(self, name: str) -> None:
        """Removes a checkpoint that is no longer needed."""
        ...


@runtime_checkable
class Trainer(Protocol):
    """Who trains jobs; ``shoal.population.recorded`` and ``called`` hold two more than the engine."""

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
        """Train ``jobs`` and yield each outcome when it is there, in no fixed order.

        ``jobs`` is the whole phase, ``done`` the names already recorded: they are not trained again, yet
        still decide who is stacked with whom, so that a resumed phase repeats the undisturbed one bit by
        bit. At ``deadline`` (time.monotonic) what is unfinished is abandoned. Without one, nothing is
        decided by a clock. Closing the iterator stops the workers' current shards.
        """
        ...

    def prepare(self, recipes: Sequence[Recipe], left: float, say: Callable[[str], None]) -> None:
        """Get ready for ``recipes`` as far as that pays within ``left`` seconds; ``say`` what is done."""
        ...

    def measure(self, recipes: Sequence[Recipe], seconds: float, together: int | None = None) -> list[float]:
        """Member-steps per second to expect of each recipe, from measurements of ``seconds`` in all, with as
        many members of it at once as train best, or ``together`` if there are fewer."""
        ...

    def steps(self, recipe: Recipe) -> int:
        """Steps one training with this recipe takes on this task."""
        ...
