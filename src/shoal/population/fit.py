"""One member trained in this process, and its network to take away: named weights, outcome, outputs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from shoal.errors import UserError
from shoal.population.batches import training_steps
from shoal.population.evaluate import outputs
from shoal.population.programs import Programs
from shoal.population.recipe import Job, Outcome, Progress, Recipe
from shoal.population.stack import Stack
from shoal.population.train import Training, start
from shoal.tasks.task import Task

_SHOWN = 0.1  # seconds between two signs of life
_MEASURED = 0.3  # seconds of training before a deadline is believed to be out of reach


class Fitted(NamedTuple):
    """A trained network. weights: parameters and buffers by name, on the CPU, as they were scored.

    parameters: how many numbers were trained.
    test_outputs: [test rows, outputs] logits or standardized predictions, in the order of the test rows;
    none for next tokens, of which there would be too many.
    """

    weights: dict[str, Tensor]
    parameters: int
    outcome: Outcome
    test_outputs: Tensor


def fit(
    task: Task,
    recipe: Recipe,
    seed: int,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    device: str = "cpu",
    deadline: float | None = None,
    programs: Programs | None = None,
) -> Fitted:
    """Train one network through the engine, with compiled programs where the cache has them.

    The member is the one that a comparison trains with this recipe and seed: same rows, draws, batches and
    noise. on_progress hears ten times a second how many steps are done, and once at the end.
    deadline: time.monotonic() by which it must have ended. Raises StoppedError when that is past, or as soon
    as the pace says that it cannot be kept; UserError where the recipe or the device do not fit. Ctrl-C ends
    it at once and leaves nothing behind. programs: those at hand already, instead of new ones.
    """
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        raise UserError(f"device {device!r} asks for CUDA, but this machine has none; use cpu")
    if programs is None:
        programs = Programs(device=device)
        programs.mode = "ready"
    with _one_thread():
        training = start(task, [Job("fit", recipe, seed)], programs, device=device)
        taken: dict[str, Any] = {}
        training.on_end = lambda ended: taken.update(_taken(training, ended))
        watch = _Watch(on_progress, deadline, training_steps(task, recipe))
        (outcome,) = training.run(watch.stop)
    watch.show(outcome.steps, finished=1)
    return Fitted(outcome=outcome, **taken)


@contextmanager
def _one_thread() -> Iterator[None]:
    """The engine's way on a CPU: the sums come out as in a comparison's workers."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Watch:
    """Asked before every step whether to stop; tells how far the training is."""

    def __init__(
        self, on_progress: Callable[[Progress], None] | None, deadline: float | None, total: int
    ) -> None:
        self.on_progress, self.deadline, self.total = on_progress, deadline, total
        self.asked = 0
        self.began = self.shown = 0.0

    def stop(self) -> bool:
        now, done = time.monotonic(), self.asked
        self.asked += 1
        if done == 0:
            self.began = self.shown = now
        if now - self.shown > _SHOWN:
            self.shown = now
            self.show(done, finished=0)
        if self.deadline is None or done == 0:
            return self.deadline is not None and now > self.deadline
        spent = now - self.began
        late = spent > _MEASURED and self.began + spent / done * self.total > self.deadline
        return late or now > self.deadline

    def show(self, steps: int, finished: int) -> None:
        if self.on_progress is not None:
            self.on_progress(Progress(finished, steps, ""))


def _taken(training: Training, ended: Stack) -> dict[str, Any]:
    """The weights and test outputs of the one member that has ended."""
    made = ended.template
    named = dict(zip(made.shapes, made.views(ended.flat), strict=True)) | ended.buffers
    rows = training.data.rows(ended.jobs[0].seed, "test").to(training.data.x.device)
    return {
        "weights": {name: value[0].detach().cpu().clone() for name, value in named.items()},
        "parameters": made.parameters,
        "test_outputs": torch.zeros(0)
        if made.family.kind == "language"
        else outputs(ended, training.data.x, rows[None])[0].cpu(),
    }
