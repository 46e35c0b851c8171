"""What a user would run instead: one network after another, torch's own layers and optimizers, timed.

It is only timed, never used for results: a few steps of a training give its seconds a step. They are taken in
this process, because torch's threads can hang in a process forked from one that has used them.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from shoal import catalogue
from shoal.composition import branches, spans
from shoal.networks.gru import GRU
from shoal.networks.layers import Activation
from shoal.population.batches import batch_size, train_rows, training_steps
from shoal.population.recipe import Job
from shoal.population.template import build
from shoal.tasks.task import Task

_WARM_UP = 3


def seconds(task: Task, jobs: Sequence[Job], allowed: float = 1.5) -> list[float]:
    """Seconds that each of ``jobs`` would take in a plain PyTorch loop.

    Each is timed for its share of ``allowed`` seconds, with one thread (which suits small networks) and with
    one a core, after a warm-up of three steps each. The faster time a step is multiplied by the steps of
    its whole training. To be called when no other process works. The number of torch's threads and the
    state of its random generator are afterwards what they were.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    counts, before = sorted({1, cores}), torch.get_num_threads()
    share = allowed / (len(jobs) * len(counts))
    found = []
    try:
        with torch.random.fork_rng(devices=[]):
            for job in jobs:
                step = _step(task, job, task.prepare(job.seed))
                fastest = min(_timed(step, share, threads) for threads in counts)
                found.append(fastest * training_steps(task, job.recipe))
    finally:
        torch.set_num_threads(before)
    return found


def _timed(step: Callable[[], None], allowed: float, threads: int) -> float:
    torch.set_num_threads(threads)
    for _ in range(_WARM_UP):
        step()
    steps, started = 0, time.perf_counter()
    while steps == 0 or time.perf_counter() - started < allowed:
        step()
        steps += 1
    return (time.perf_counter() - started) / steps


def _step(task: Task, job: Job, prepared: Any) -> Callable[[], None]:
    """One step of a training loop as people write it."""
    if job.recipe.network == "own" and task.network is not None:
        network = task.network()
    else:
        network = _native(build(job.recipe, task.features, task.outputs, vocabulary=task.vocabulary))
    network.train()
    optimizer = _optimizer(task, job, network)
    used = train_rows(task, job.recipe)
    x, y, train = prepared.x, prepared.y, prepared.train[:used]
    batch = batch_size(job.recipe, used)
    loss: Callable[[Tensor, Tensor], Tensor] = nn.CrossEntropyLoss()
    if task.loss is not None:
        loss = task.loss.function
    elif task.kind == "regression":
        loss = nn.MSELoss()
    elif task.kind == "language":
        loss = _of_places
    order, place = train, len(train)

    def step() -> None:
        nonlocal order, place
        if place >= len(order):
            order, place = train[torch.randperm(len(train))], 0
        rows = order[place : place + batch]
        place += batch
        optimizer.zero_grad()
        loss(network(x[rows]), y[rows]).backward()
        optimizer.step()

    return step


def _of_places(output: Tensor, target: Tensor) -> Tensor:
    """The mean cross-entropy over all places of all rows."""
    return nn.functional.cross_entropy(output.flatten(0, 1), target.flatten())


def _native(network: nn.Module) -> nn.Module:
    """torch's own activation and recurrent layers in place of shoal's, where torch has them."""
    named = {
        name.lower(): kind for name, kind in vars(nn.modules.activation).items() if isinstance(kind, type)
    }
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Activation) and child.name in named:
                setattr(parent, name, named[child.name]())
            if isinstance(child, GRU):
                setattr(parent, name, _NativeGRU(child.inputs, child.hidden))
    return network


class _NativeGRU(nn.Module):
    """torch's recurrent layer, called like shoal's; rows that are filled up are run to their end."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.layer = nn.GRU(inputs, hidden, batch_first=True)

    def forward(self, x: Tensor, kept: Tensor) -> Tensor:
        made: Tensor = self.layer(x)[0]
        return made


def _optimizer(task: Task, job: Job, network: nn.Module) -> torch.optim.Optimizer:
    """The user's own class, or torch's of that name; stochastic gradient descent (with momentum) where it has
    none. Of several rules the one of most steps, of those by role the rest's; links are left out."""
    rule = max(
        spans(job.recipe.optimizer, training_steps(task, job.recipe)), key=lambda one: one.end - one.first
    ).rule
    use = branches(rule)[-1].rule
    technique = catalogue.find("optimizer", use.technique)
    hyper = catalogue.make_hyper(technique, job.recipe.hyper_of(use.label))
    if technique.CARD.scope == "torch":
        made: torch.optim.Optimizer = technique.make(list(network.parameters()), hyper)
        return made
    named = {one.lower(): kind for one, kind in vars(torch.optim).items() if isinstance(kind, type)}
    lr = float(getattr(hyper, "lr", 1e-3))
    if use.technique in named:
        return named[use.technique](network.parameters(), lr=lr)
    return torch.optim.SGD(network.parameters(), lr=lr, momentum=float(getattr(hyper, "momentum", 0.0)))
