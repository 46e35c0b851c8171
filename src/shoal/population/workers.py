"""Training jobs as stacks: what is compiled, who trains with whom, and in how many processes.

Where processes cannot be forked, and on a GPU, a phase is trained in this process.
"""

import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from shoal.errors import UserError
from shoal.population import builder, cache, evaluate, own_optimizers, planner
from shoal.population.batches import batch_size, train_rows, training_steps
from shoal.population.builder import Builder, is_rule
from shoal.population.package import Program
from shoal.population.phase import Phase
from shoal.population.programs import Programs
from shoal.population.recipe import Job, Outcome, Progress, Recipe
from shoal.population.stack import shared_template
from shoal.population.train import start
from shoal.population.trainer import Memory
from shoal.tasks.task import Prepared, Task

_WORTH = 0.45  # share of the time left that compiling may take: compiled training is several times faster
_AT_MOST = 0.6  # share of it after which compiling that takes longer than expected is given up
_ALONE = 2e-3  # a member's share of a measurement never counts as less, in seconds


class PopulationTrainer:
    """Trains jobs on ``task`` as stacks. Fulfils ``shoal.population.trainer.Trainer``.

    device: "cpu" or a CUDA device (one process, traced graphs). workers: processes, by default one a
    core. compiling: whether packages may be built and used (by default if there is a C++ compiler).
    Raises UserError where the device does not exist.
    """

    def __init__(
        self, task: Task, device: str = "cpu", workers: int | None = None, compiling: bool | None = None
    ):
        if torch.device(device).type == "cuda" and not torch.cuda.is_available():
            raise UserError(f"device {device!r} asks for CUDA, but this machine has none; use cpu")
        self.task, self.device = task, device
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        on_cpu = torch.device(device).type == "cpu"
        self.workers = workers or (cores if on_cpu and sys.platform == "linux" else 1)
        self.compiling = on_cpu and (cache.compiler() is not None if compiling is None else compiling)
        self.programs = Programs(device=device)
        self.builder = Builder()
        self._prepared: dict[int, Prepared] = {}
        if on_cpu:
            torch.set_num_threads(1)

    def steps(self, recipe: Recipe) -> int:
        """Steps one training with this recipe takes on this task."""
        return training_steps(self.task, recipe)

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
        """Train ``jobs``; see ``shoal.population.trainer.Trainer.train``."""
        if not jobs:
            return
        mode = self._mode(jobs, deadline)
        parts = planner.shards(self.task, phase, jobs, mode != "none", self.workers)
        needed = self._programs(part.jobs for part in parts)
        if mode == "all":

            def say(words: str) -> None:
                if on_progress is not None:
                    on_progress(Progress(0, 0, words))

            self.builder.wait_for(needed, say, self.workers)
        ready = mode != "none" and all(one.ready() for one in needed if not is_rule(one))
        choice: dict[str, Any] = {"workers": self.workers, "mode": mode, "compiled": ready}
        if memory is not None:
            choice = memory.choose(f"planner/{phase}", choice)
        mode = choice["mode"]
        parts = planner.shards(self.task, phase, jobs, choice["compiled"], choice["workers"])
        if mode != "none":
            for one in needed:
                one.load()  # before forking, so that no worker loads it again
        pending = [part for part in parts if any(job.name not in done for job in part.jobs)]
        self._prepare({job.seed for part in pending for job in part.jobs})
        evaluate.prepare(self.task, jobs)
        self.programs.mode = mode
        ready_task, aloud = self._ready_task(), own_optimizers.note(jobs)

        def note() -> str:
            return self.builder.note() or aloud

        work = Phase(ready_task, pending, self.programs, self.device, done, deadline, memory, note)
        watch = on_progress or (lambda progress: None)
        yield from work.forked(self.workers, watch) if self.workers > 1 else work.here(watch)

    def prepare(self, recipes: Sequence[Recipe], left: float, say: Callable[[str], None]) -> None:
        """Builds missing packages if the ``left`` seconds repay it; others are built in the background."""
        if not self.compiling:
            say("no C++ compiler is used: training runs traced graphs, which is slower")
            return
        jobs = [Job(f"{row}", recipe, 0) for row, recipe in enumerate(recipes)]
        parts = planner.shards(self.task, "prepare", jobs, True, 1)
        missing = [one for one in self._programs(part.jobs for part in parts) if not one.ready()]
        until = time.monotonic() + _AT_MOST * left
        if builder.seconds(missing, self.workers) <= _WORTH * left:
            self.builder.wait_for(missing, say, self.workers, until)
            return
        self.builder.begin(missing, time.monotonic() + left, self.workers)
        gradients = [one for one in missing if not is_rule(one)]
        if builder.seconds(gradients, self.workers) <= _WORTH * left:
            self.builder.wait_for_gradients(say, until)

    def measure(self, recipes: Sequence[Recipe], seconds: float, together: int | None = None) -> list[float]:
        """Member-steps per second of all workers for each recipe, from about ``seconds`` of training.

        Kinds of stack that the time does not reach are guessed from the arithmetic of those measured.
        """
        kinds = {self._kind(recipe): recipe for recipe in recipes}
        self.programs.mode = "ready" if self.compiling else "none"
        self._prepare({0})
        rates: dict[tuple[Any, ...], float] = {}
        began = time.monotonic()
        for number, (kind, recipe) in enumerate(kinds.items()):
            left = began + seconds - time.monotonic()
            if rates and left <= 0:
                break
            rates[kind] = self.workers * self._rate(
                recipe, max(left / (len(kinds) - number), _ALONE), together
            )
        scale = sum(rates[kind] * self._guess(kinds[kind]) for kind in rates) / len(rates)
        rates |= {kind: scale / self._guess(recipe) for kind, recipe in kinds.items() if kind not in rates}
        return [rates[self._kind(recipe)] for recipe in recipes]

    def _guess(self, recipe: Recipe) -> float:
        """Relative seconds of a member-step."""
        step = Job("guess", replace(recipe, epochs=1e-9), 0)
        return planner.seconds_traced(self.task, [step])

    def rest(self) -> None:
        """Ends what still runs in the background."""
        self.builder.stop()

    def _rate(self, recipe: Recipe, seconds: float, together: int | None) -> float:
        one = Job("measure", replace(recipe, epochs=1e9), 0)
        ready = self.compiling and all(program.ready() for program in self._programs([[one]]))
        most = planner.members_at_once(self.task, recipe, ready)
        members = most if together is None else min(most, together)
        jobs = [one._replace(name=f"measure/{row}") for row in range(members)]
        training = start(self._ready_task(), jobs, self.programs, device=self.device)
        for _ in training.run(steps=2):
            pass
        began, before = time.perf_counter(), training.member_steps
        while time.perf_counter() - began < seconds:
            if any(True for _ in training.run(steps=4)):
                break
        return max(1.0, (training.member_steps - before) / (time.perf_counter() - began))

    def _kind(self, recipe: Recipe) -> tuple[Any, ...]:
        return *planner.stack_key(self.task, recipe), recipe.optimizer

    def _programs(self, stacks: Iterable[Sequence[Job]]) -> list[Program]:
        """What these stacks need; what is not kept from process to process is traced now, once for all."""
        found = self.programs.of(
            (shared_template(self.task, jobs), self._batch(job.recipe), job.recipe)
            for jobs in stacks
            for job in jobs
        )
        for one in found:
            if not one.kept:
                one.trace()
        return found

    def _batch(self, recipe: Recipe) -> int:
        return batch_size(recipe, train_rows(self.task, recipe))

    def _mode(self, jobs: Sequence[Job], deadline: float | None) -> str:
        """ "none", "all" (wait for every package) or, with a deadline, "ready" (use those that are there).

        Without a deadline the work alone decides, so that a run does not depend on what the cache holds.
        """
        if not self.compiling:
            return "none"
        if deadline is None:
            return "all" if planner.compiling_pays(self.task, jobs, self.workers) else "none"
        return "ready"

    def _prepare(self, seeds: set[int]) -> None:
        """Prepares data in this process: what preprocessing libraries run must not run in a forked one."""
        self._prepared = {seed: self._prepared.get(seed) or self.task.prepare(seed) for seed in sorted(seeds)}

    def _ready_task(self) -> Task:
        return replace(self.task, prepare=self._prepared.__getitem__)
