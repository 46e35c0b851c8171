"""Training one stack to its members' ends, table by table of steps."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from shoal import catalogue
from shoal.composition import evaluations, spans
from shoal.errors import UserError
from shoal.population import control, own_optimizers, rates
from shoal.population.batches import Batches, Data, batch_size, steps_an_epoch, train_rows, training_steps
from shoal.population.curves import Curve, points, stops
from shoal.population.evaluate import losses_and_scores
from shoal.population.groups import Group
from shoal.population.links import Chain
from shoal.population.mover import Mover
from shoal.population.outcomes import End, outcomes
from shoal.population.own_optimizers import OwnOptimizers
from shoal.population.randomness import noise_keys
from shoal.population.recipe import Job, Outcome, Recipe
from shoal.population.stack import Stack, create
from shoal.tasks.task import Task

_TABLE_ROWS = 1 << 19  # row numbers in one table
_TABLE_STEPS = 256

Run = Callable[[Sequence[Tensor]], Sequence[Tensor]]
Programs = Callable[[Stack, int], tuple[Run, Mapping[Any, Run]]]


class StoppedError(Exception):
    """The deadline came, or somebody asked to stop: what is unfinished is abandoned."""


class Training:
    """A stack on its way. ``run`` yields outcomes as members end; between tables ``stack`` may be saved.

    programs: gives a stack's gradient program and its rules' programs. Members of one stack share batch
    size and controller; step counters, schedules and lengths are their own.
    """

    def __init__(self, task: Task, stack: Stack, programs: Programs, data: Data | None = None):
        self.task, self.stack = task, stack
        first = stack.jobs[0].recipe
        self.batch = batch_size(first, train_rows(task, first))
        for job in stack.jobs:
            if _shared(task, job.recipe) != _shared(task, first):
                raise ValueError(
                    f"{job.name} has another batch size, controller, train_size or label_noise than others "
                    "of its stack"
                )
        device = str(stack.flat.device)
        self.data = data or Data(task, stack.seeds.tolist(), stack.flat.dtype, device, first)
        self.batches = Batches(self.data, self.batch)
        self.gradient, self.rules = programs(stack, self.batch)
        self.controller = (
            catalogue.find("controller", first.controller) if first.controller != "none" else None
        )
        if self.controller is not None and not len(self.data.rows(stack.jobs[0].seed, "valid")):
            raise UserError(
                f"controller {first.controller!r} needs validation rows, and task {task.name!r} has none: "
                "give it some, or use controller 'none'"
            )
        if self.controller is not None and not stack.control:
            stack.control = control.first(self.controller, stack)
        self.own = OwnOptimizers()
        self.on_end: Callable[[Stack], None] = lambda ended: None
        """Shown the members that end, as they are scored: with the weights their controllers kept."""
        self.member_steps = 0
        self.seconds = {job.name: 0.0 for job in stack.jobs}
        self.curves: dict[str, Curve] = {job.name: [] for job in stack.jobs if job.points}

    def run(
        self,
        stop: Callable[[], bool] = lambda: False,
        between: Callable[[], None] = lambda: None,
        steps: int | None = None,
    ) -> Iterator[Outcome]:
        """Trains to every member's end (or ``steps`` more steps each), yielding outcomes of ended members.

        ``between`` is called between tables of steps, when the stack is consistent and may be saved.
        Raises StoppedError when ``stop()`` says so, which is asked at every step.
        """
        done = 0
        while steps is None or done < steps:
            started = time.perf_counter()
            count = self._table_steps() if steps is None else min(self._table_steps(), steps - done)
            finite = self._table(count, stop)
            broken = {row: steps + 1 - count for row, steps in enumerate(finite.tolist()) if steps < count}
            done += count
            ended = self._ended(broken)
            share = (time.perf_counter() - started) / len(self.stack)
            for job in self.stack.jobs:
                self.seconds[job.name] += share
            self._draw([row for row in range(len(self.stack)) if row not in broken], ended)
            if ended:
                yield from self._finish(ended, broken)
                remaining = [row for row in range(len(self.stack)) if row not in ended]
                if not remaining:
                    return
                self.stack = self.stack.select(remaining)
            self._switch()
            between()

    def _table_steps(self) -> int:
        """Steps until the first member ends or is to be looked at; bounded by a table's size."""
        left = [self._next_stop(job, done) - done for job, done in self._positions()]
        count = min([*left, _TABLE_STEPS, max(1, _TABLE_ROWS // (len(self.stack) * self.batch))])
        if self.controller is not None:
            count = min([count, *(each - done % each for each, done in self._epochs())])
        return count

    def _next_stop(self, job: Job, done: int) -> int:
        """The step after ``done`` at which a member ends or changes its rule, or a point is due."""
        total = training_steps(self.task, job.recipe)
        ends = [span.end for span in spans(job.recipe.optimizer, total)]
        return min(step for step in (*ends, *stops(job.points, total)) if step > done)

    def _positions(self) -> list[tuple[Job, int]]:
        return list(zip(self.stack.jobs, self.stack.step.tolist(), strict=True))

    def _epochs(self) -> list[tuple[int, int]]:
        rows = train_rows(self.task, self.stack.jobs[0].recipe)
        return [(steps_an_epoch(job.recipe, rows), done) for job, done in self._positions()]

    def _table(self, count: int, stop: Callable[[], bool]) -> Tensor:
        """``count`` steps of every member; returns how many came before a number that is not finite.

        Every step counts, not the table's last: where a table ends depends on the neighbors.
        """
        stack = self.stack
        starts = stack.step.tolist()
        table = self.batches.table(stack.seeds.tolist(), starts, count)
        steps = (stack.step + torch.arange(count)[:, None]).to(stack.flat.device)
        keys = noise_keys(stack.seeds, steps).unbind(0)
        scale = rates.scales(self.task, stack, steps)
        fixed = [*stack.template.views(stack.flat)]
        masks = stack.template.views(stack.masks) if stack.masks is not None else ()
        buffers, hyper = list(stack.buffers.values()), list(stack.hyper.values())
        bounds = [slice(start, end) for _, start, end in stack.bounds()]
        movers = [
            Mover(group, stack.template, stack.flat[own], scale[:, own], self._programs(group, own))
            for group, own in zip(stack.groups, bounds, strict=True)
        ]
        at = stack.flat.clone() if any(evaluations(group.name) > 1 for group in stack.groups) else None
        points = fixed if at is None else [*stack.template.views(at)]
        chain = Chain(stack.links, stack.template, stack.flat, self.rules)
        done = rates.progress(self.task, stack, steps + 1).to(stack.flat.dtype).unbind(0)
        seen = []
        for step in range(count):
            if stop():
                raise StoppedError
            x, y, rows = self.data.read(table.rows[step])
            batch = [*masks, x, y, rows, table.weight[step], keys[step], *hyper]
            gradient, loss, *after = self.gradient([*fixed, *buffers, *batch])
            if at is not None:  # the same batch and noise again, where the links want to know the gradient
                for mover, own in zip(movers, bounds, strict=True):
                    mover.probe(step, gradient[own], at[own], loss[own], keys[step][own])
                gradient, *_ = self.gradient([*points, *buffers, *batch])
            seen += [loss, gradient.sum(1)]  # a rule by signs would stand still at NaN, and not tell
            buffers = after
            chain.before(gradient, keys[step], steps[step])
            for mover, own in zip(movers, bounds, strict=True):
                mover.move(step, gradient[own], loss[own], keys[step][own])
            chain.after(buffers, done[step])
        stack.buffers = dict(zip(stack.buffers, buffers, strict=True))
        stack.step = stack.step + count
        self.member_steps += count * len(stack)
        finite = torch.stack(seen).isfinite().unflatten(0, (count, 2)).all(1)
        return finite.cumprod(0).sum(0)

    def _programs(self, group: Group, rows: slice) -> Mapping[Any, Run]:
        """The programs that move a group's rows."""
        if own_optimizers.is_own(group.name):
            return {group.name: self.own.rule(group, self.stack.jobs[rows], self.stack.template)}
        return self.rules

    def _ended(self, broken: Collection[int]) -> list[int]:
        """Rows that have diverged, reached their last step, or are stopped by their controller."""
        stopped = self._observe() if self.controller is not None else [False] * len(self.stack)
        return [
            row
            for row, (job, done) in enumerate(self._positions())
            if row in broken or stopped[row] or done >= training_steps(self.task, job.recipe)
        ]

    def _observe(self) -> list[bool]:
        """Shows the controllers of members that are at an epoch's end their validation loss."""
        stack = self.stack
        at_end = torch.tensor([done % each == 0 for each, done in self._epochs()])
        if not at_end.any():
            return [False] * len(stack)
        seen = stack.evaluated()
        losses, _ = losses_and_scores(self.task, self.data, seen, "valid")
        stack.control, stop = control.decide(self.controller, seen, losses, at_end)
        return stop.tolist()

    def _switch(self) -> None:
        """Hands members that are at the end of one rule's span over to the next rule."""
        rules, due = self.stack.rules, []
        for row, (job, done) in enumerate(self._positions()):
            for span in spans(job.recipe.optimizer, training_steps(self.task, job.recipe)):
                if 0 < span.first == done:
                    rules[row] = span.rule
                    due.append(row)
                    self.own.forget(job)
        if due:
            order = sorted(range(len(rules)), key=lambda row: rules[row])
            self.stack = self.stack.arranged(order, [rules[row] for row in order], fresh=due)

    def _draw(self, rows: list[int], ended: Collection[int]) -> None:
        """Adds a point to the curves of those of ``rows`` that are due, or have ended."""
        due = []
        for row, (job, done) in enumerate(self._positions()):
            if job.points and row in rows:
                total = training_steps(self.task, job.recipe)
                due += [row] * (row in ended or done in stops(job.points, total))
        if due:
            points(self.task, self.data, self.stack.select(due).evaluated(), self.seconds, self.curves)

    def _finish(self, rows: list[int], broken: Mapping[int, int]) -> Iterator[Outcome]:
        """Outcomes of ``rows``; ``broken``: row → when it diverged, in steps from now (0 or less)."""
        ended = self.stack.select(rows).evaluated()
        if self.controller is not None:
            ended = replace(ended, flat=ended.control["kept"], buffers=control.kept_buffers(ended))
        self.on_end(ended)
        for job in ended.jobs:
            self.own.forget(job)
        ends = {
            self.stack.jobs[row].name: End(int(self.stack.step[row]) + broken.get(row, 0), row in broken)
            for row in rows
        }
        yield from outcomes(self.task, self.data, ended, ends, self.seconds, self.curves)


def _shared(task: Task, recipe: Recipe) -> tuple[Any, ...]:
    """What all members of one training have in common beside their shapes."""
    batch = batch_size(recipe, train_rows(task, recipe))
    return batch, recipe.controller, recipe.train_size, recipe.label_noise


def start(
    task: Task, jobs: list[Job], programs: Programs, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> Training:
    """A training of new members for ``jobs``, all of one stack."""
    return Training(task, create(task, jobs, dtype, device), programs)
