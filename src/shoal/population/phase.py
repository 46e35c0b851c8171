"""A phase at work: its shards trained in forked worker processes, one thread each, or in this one.

Workers are forked, so they share the data, the traced graphs and the user's own functions without
pickling. They take shards from a counter, send outcomes back, and end with their parent.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from shoal.errors import UserError
from shoal.population.planner import Shard
from shoal.population.processes import die_with, keep_memory
from shoal.population.programs import Programs
from shoal.population.recipe import Outcome, Progress
from shoal.population.shards import run_shard
from shoal.population.train import StoppedError
from shoal.population.trainer import Memory
from shoal.tasks.task import Task

_LOOK = 0.1  # seconds between looks at the workers


class Phase:
    """One phase's shards on their way. ``note`` says in words what else is going on."""

    def __init__(
        self,
        task: Task,
        pending: Sequence[Shard],
        programs: Programs,
        device: str,
        done: Collection[str],
        deadline: float | None,
        memory: Memory | None,
        note: Callable[[], str],
    ):
        self.task, self.pending, self.programs, self.device = task, pending, programs, device
        self.done, self.deadline, self.memory, self.note = done, deadline, memory, note

    def here(self, on_progress: Callable[[Progress], None]) -> Iterator[Outcome]:
        """In this process, one shard after another."""
        steps, finished, shown = 0, 0, time.monotonic()

        def stop() -> bool:
            return self.deadline is not None and time.monotonic() > self.deadline

        def count(more: int) -> None:
            nonlocal steps, shown
            steps += more
            if time.monotonic() - shown > _LOOK:
                shown = time.monotonic()
                on_progress(Progress(finished, steps, self.note()))

        with contextlib.suppress(StoppedError):
            for shard in self.pending:
                for outcome in self._run(shard, stop, count):
                    finished += 1
                    yield outcome

    def _run(self, shard: Shard, stop: Callable[[], bool], count: Callable[[int], None]) -> Iterator[Outcome]:
        return run_shard(self.task, shard, self.programs, self.device, self.done, stop, count, self.memory)

    def forked(self, workers: int, on_progress: Callable[[Progress], None]) -> Iterator[Outcome]:
        """In worker processes, which take the next shard when they are free."""
        context = multiprocessing.get_context("fork")
        number = min(workers, len(self.pending))
        self.next = context.Value(ctypes.c_int64, 0)
        self.cancelled = context.RawValue(ctypes.c_bool, False)
        self.steps = context.RawArray(ctypes.c_int64, max(1, number))
        readers: dict[Connection, Any] = {}
        finished = 0
        try:
            for worker in range(number):
                reader, writer = context.Pipe(duplex=False)
                process = context.Process(
                    target=self._worker, args=(worker, writer, os.getpid()), daemon=True
                )
                process.start()
                writer.close()
                readers[reader] = process
            while readers:
                ready: list[Any] = wait(list(readers), timeout=_LOOK)
                for reader in ready:
                    try:
                        message = reader.recv()
                    except EOFError:
                        _ended(readers.pop(reader))
                        continue
                    if isinstance(message, BaseException):
                        raise message
                    finished += 1
                    yield message
                on_progress(Progress(finished, sum(self.steps), self.note()))
        finally:
            self.cancelled.value = True
            for process in readers.values():
                process.join(timeout=2.0)
                if process.is_alive():
                    process.kill()

    def _worker(self, worker: int, writer: Connection, parent: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
        die_with(parent)
        keep_memory()
        torch.set_num_threads(1)

        def stop() -> bool:
            return self.cancelled.value or (self.deadline is not None and time.monotonic() > self.deadline)

        def count(more: int) -> None:
            self.steps[worker] += more

        try:
            while not stop():
                with self.next.get_lock():
                    taken = self.next.value
                    self.next.value += 1
                if taken >= len(self.pending):
                    break
                for outcome in self._run(self.pending[taken], stop, count):
                    writer.send(outcome)
        except StoppedError:
            pass
        except UserError as error:
            writer.send(error)
        except BaseException:
            writer.send(RuntimeError(f"a worker failed:\n{traceback.format_exc()}"))
        writer.close()
        os._exit(0)


def _ended(process: Any) -> None:
    process.join()
    if process.exitcode:
        raise RuntimeError(f"a worker process ended with exit code {process.exitcode}")
