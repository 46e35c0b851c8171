"""Worker processes: the same numbers as without them, whatever happens to them, and none left behind."""

import contextlib
import json
import math
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from population.members import table
from shoal.errors import UserError
from shoal.population import shards
from shoal.population.recipe import Job, Outcome, Recipe
from shoal.population.workers import PopulationTrainer

BASE = Recipe(width=40, depth=1, batch_size=16, epochs=25)
RECIPES = (
    BASE,
    replace(BASE, optimizer="sgd", schedule="cosine", epochs=12),
    replace(BASE, controller="early_stopping").with_hyper(dropout__rate=0.2),
    replace(BASE, width=6, hyper={"adam.lr": 1e25}),
    replace(BASE, width=9, epochs=40, optimizer="sgd>adam@0.2>adam@0.7", schedule="cosine"),
)
JOBS = [
    Job(f"{number}/{seed}", recipe, seed, points=number)
    for seed in range(2)
    for number, recipe in enumerate(RECIPES)
]


class Files:
    """A Memory of files: choices, and checkpoints written whole."""

    def __init__(self, folder: Path):
        self.folder = folder

    def choose(self, key: str, value: Any) -> Any:
        path = self.folder / f"{key.replace('/', '-')}.choice"
        if not path.exists():
            self._write(path, json.dumps(value).encode())
        return json.loads(path.read_text())

    def save(self, name: str, tensors: Mapping[str, Tensor], meta: Any) -> None:
        path = self.folder / f"{name}.{os.getpid()}"
        torch.save((dict(tensors), json.dumps(meta)), path)
        path.replace(self.folder / f"{name}.checkpoint")

    def load(self, name: str) -> tuple[Mapping[str, Tensor], Any] | None:
        path = self.folder / f"{name}.checkpoint"
        if not path.exists():
            return None
        tensors, meta = torch.load(path)
        return tensors, json.loads(meta)

    def drop(self, name: str) -> None:
        (self.folder / f"{name}.checkpoint").unlink(missing_ok=True)

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_suffix(".new")
        temporary.write_bytes(data)
        temporary.replace(path)


@pytest.fixture(scope="module")
def trainer() -> PopulationTrainer:
    return PopulationTrainer(table(), workers=2, compiling=False)


@pytest.fixture(scope="module")
def undisturbed(trainer: PopulationTrainer) -> dict[str, tuple]:
    return numbers(trainer.train("phase", JOBS))


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = set(multiprocessing.active_children())
    yield
    deadline = time.monotonic() + 5
    while left := set(multiprocessing.active_children()) - before:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.02)


def numbers(outcomes: Iterator[Outcome]) -> dict[str, tuple]:
    """Name → all that a clock has no part in, bit by bit."""
    found = list(outcomes)
    assert len({one.name for one in found}) == len(found)
    return {one.name: tuple(map(repr, _untimed(one))) for one in found}


def _untimed(outcome: Outcome) -> Outcome:
    curve = [point[:-1] for point in outcome.details.get("curve", ())]
    return outcome._replace(seconds=0.0, details={**outcome.details, "curve": curve})


def test_two_workers_give_bit_by_bit_what_this_process_gives_alone(trainer, undisturbed, tmp_path):
    class Two(Files):
        def choose(self, key: str, value: Any) -> Any:
            return {**value, "workers": 2}  # the same shards

    alone = PopulationTrainer(table(), workers=1, compiling=False)
    assert numbers(alone.train("phase", JOBS, memory=Two(tmp_path))) == undisturbed
    assert undisturbed.keys() == {job.name for job in JOBS}


def test_what_is_done_is_not_trained_again_and_changes_nothing(trainer, undisturbed):
    done = [job.name for job in JOBS[::3]]
    found = numbers(trainer.train("phase", JOBS, done=done))
    assert found == {name: value for name, value in undisturbed.items() if name not in done}
    assert numbers(trainer.train("phase", JOBS, done=[job.name for job in JOBS])) == {}
    assert numbers(trainer.train("phase", [])) == {}


def test_checkpoints_change_no_number_and_go_when_all_is_done(trainer, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "CHECKPOINT_SECONDS", 0.0)
    assert numbers(trainer.train("phase", JOBS, memory=Files(tmp_path))) == undisturbed
    assert [path.suffix for path in tmp_path.iterdir()] == [".choice"]


def test_a_run_killed_at_any_instant_goes_on_to_the_undisturbed_result(
    trainer, undisturbed, tmp_path, monkeypatch
):
    monkeypatch.setattr(shards, "CHECKPOINT_SECONDS", 0.01)
    chance, rounds, resumed = random.Random(7), 0, 0
    record = tmp_path / "record"
    record.touch()
    while True:
        rounds += 1
        assert rounds < 100
        child = os.fork()
        if child == 0:
            _record(trainer, record, tmp_path)
        time.sleep(chance.uniform(0.02, 0.3) * (1 + rounds / 20))  # a busy machine takes long to start
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        resumed += bool(list(tmp_path.glob("*.checkpoint")))
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
    found = dict(json.loads(line) for line in whole_lines(record))
    assert {name: tuple(value) for name, value in found.items()} == undisturbed
    assert rounds > 3 and resumed > 1, "too fast to be disturbed"


def whole_lines(record: Path) -> list[str]:
    return [line for line in record.read_text().splitlines(keepends=True) if line.endswith("\n")]


def _record(trainer: PopulationTrainer, record: Path, folder: Path) -> None:
    """What a run does, in a process of its own."""
    status = 1
    try:
        done = [json.loads(line)[0] for line in whole_lines(record)]
        with record.open("a") as file:
            for outcome in trainer.train("phase", JOBS, done=done, memory=Files(folder)):
                ((name, value),) = numbers(iter([outcome])).items()
                os.write(file.fileno(), (json.dumps([name, value]) + "\n").encode())
        status = 0
    finally:
        os._exit(status)


def test_at_the_deadline_what_is_unfinished_is_abandoned(trainer, undisturbed):
    endless = [Job("endless", replace(BASE, epochs=1e7), 0)]
    for workers in (trainer, PopulationTrainer(table(), workers=1, compiling=False)):
        began = time.monotonic()
        found = list(workers.train("late", [*endless, JOBS[1]], deadline=began + 1.0))
        assert time.monotonic() - began < 3.0
        assert "endless" not in {one.name for one in found}
        assert list(workers.train("too late", JOBS, deadline=began)) == []


def test_a_killed_worker_is_reported(trainer):
    def kill() -> None:
        time.sleep(0.3)
        os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(RuntimeError, match=r"worker.*-9"):
        list(trainer.train("killed", [Job(str(seed), replace(BASE, epochs=1e7), seed) for seed in (1, 2)]))
    killer.join()


def test_closing_the_iterator_stops_the_workers(trainer):
    jobs = [Job("short", BASE, 0), *(Job(str(s), replace(BASE, epochs=1e7), s) for s in (1, 2))]
    outcomes = trainer.train("closed", jobs)
    assert next(outcomes).name == "short"
    began = time.monotonic()
    outcomes.close()
    assert time.monotonic() - began < 2.0


def test_progress_counts_every_member_step(trainer, undisturbed):
    seen = []
    found = {one.name: one for one in trainer.train("phase", JOBS, on_progress=seen.append)}
    assert seen[-1].finished == len(JOBS)
    steps = sum(one.steps for one in found.values())
    diverged = sum(one.diverged for one in found.values())
    assert steps <= seen[-1].member_steps <= steps + 256 * diverged  # they go on to the end of their table
    assert [one.member_steps for one in seen] == sorted(one.member_steps for one in seen)


class Fails(nn.Module):
    """Fails on the test rows only, so in a worker."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        if not self.training and len(x) > 4:
            raise KeyError("no such layer")
        return self.last(x)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_module_that_fails_in_a_worker_is_told_in_one_sentence(workers):
    jobs = [
        Job(str(seed), Recipe("own", initializer="own", epochs=1, batch_size=16), seed) for seed in range(2)
    ]
    failing = PopulationTrainer(table(network=Fails), workers=workers, compiling=False)
    with pytest.raises(
        UserError, match=r"raised KeyError at .*test_workers\.py:\d+: 'no such layer'"
    ) as caught:
        list(failing.train("fails", jobs))
    assert "\n" not in str(caught.value)


def test_a_device_that_does_not_exist_is_refused():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(UserError, match="CUDA"):
        PopulationTrainer(table(), device="cuda")


def test_steps_are_those_that_are_taken(trainer, undisturbed):
    for job in JOBS:
        if job.recipe.controller == "none" and "adam.lr" not in job.recipe.hyper:
            steps = eval(undisturbed[job.name][Outcome._fields.index("steps")])
            assert trainer.steps(job.recipe) == steps == job.recipe.epochs * math.ceil(51 / 16)
