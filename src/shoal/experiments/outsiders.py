"""What other methods reach on the same rows: is a neural network worth its trouble on these data?

A linear model and gradient boosting see exactly what the networks of a seed see: its training rows, its
prepared inputs, its validation rows to choose by, and are scored on the test rows by the task's metric. They
are fitted in a process of their own, which is ended at the deadline, in the middle of a fit if need be.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import shoal
from shoal.experiments import outsider_models
from shoal.tasks.streamed import Streamed
from shoal.tasks.task import Task


@dataclass(frozen=True)
class Outsider:
    """A method that is no neural network.

    scores: the task's metric on test rows, by seed, for the seeds that were finished before the deadline.
    seconds: what fitting took, on one core, over these seeds.
    """

    name: str
    scores: Mapping[int, float]
    seconds: float


def outsiders(task: Task, seeds: Sequence[int], deadline: float) -> tuple[Outsider, ...]:
    """Fit the outsiders for the seeds, in their order, until ``deadline`` (in time.monotonic's seconds).

    Empty for tasks whose rows are not flat or are streamed, whose targets are the next tokens, or that have a
    loss of their own. An outsider without a score ran out of time in its first fit.
    Raises RuntimeError if the process of the fits fails.
    """
    if len(task.features) != 1 or task.inputs == "text":
        return ()
    if task.loss is not None or isinstance(task.prepare(0).x, Streamed):
        return ()
    scores: dict[str, dict[int, float]] = {name: {} for name in outsider_models.models(task.vocabulary)}
    seconds = dict.fromkeys(scores, 0.0)
    with tempfile.TemporaryDirectory(prefix="shoal-outsiders-") as folder, _Fits(Path(folder)) as fits:
        for seed in seeds:
            if time.monotonic() >= deadline:
                break
            fits.ask(task, seed)
            for _ in scores:
                answer = fits.answer(deadline)
                if answer is None:
                    return _made(scores, seconds)
                scores[answer["name"]][seed] = answer["score"]
                seconds[answer["name"]] += answer["seconds"]
    return _made(scores, seconds)


def _made(scores: Mapping[str, Mapping[int, float]], seconds: Mapping[str, float]) -> tuple[Outsider, ...]:
    return tuple(Outsider(name, found, seconds[name]) for name, found in scores.items())


class _Fits:
    """The process that fits: one seed is asked for, then each model's answer is awaited."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._errors = (folder / "errors").open("w+b")
        path = os.pathsep.join([str(Path(shoal.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", outsider_models.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self._text = b""
        assert self._process.stdout is not None
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._process.stdout, selectors.EVENT_READ)

    def __enter__(self) -> "_Fits":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._ready.close()
        self._errors.close()

    def ask(self, task: Task, seed: int) -> None:
        """Send the rows of a seed."""
        prepared = task.prepare(seed)
        file = self._folder / "rows.npz"  # of one seed at a time: all answers to it have come
        parts = {name: getattr(prepared, name).numpy() for name in ("x", "y", "train", "valid", "test")}
        about = {"classes": task.kind == "classification", "outputs": task.outputs, "metric": task.metric}
        about["vocabulary"] = task.vocabulary
        np.savez(file, scale=prepared.scale, **about, **parts)  # type: ignore[arg-type]
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{file}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            self._fail()

    def answer(self, deadline: float) -> dict[str, Any] | None:
        """The next model's name, score and seconds, or None at the deadline."""
        while b"\n" not in self._text:
            if not self._ready.select(max(0.0, deadline - time.monotonic())):
                return None
            assert self._process.stdout is not None
            read = os.read(self._process.stdout.fileno(), 65536)
            if not read:
                self._fail()
            self._text += read
        line, _, self._text = self._text.partition(b"\n")
        return json.loads(line)

    def _fail(self) -> None:
        self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines() or ["nothing"]
        raise RuntimeError(
            f"fitting other methods ended with exit code {self._process.returncode} and said: {said[-1]}"
        )
