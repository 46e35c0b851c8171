"""What a user would run instead: one network after another, torch's own layers and optimizers, timed.

It is only timed, never used for results: a few steps of a training give its seconds a step.
"""

import os
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from typing import Any

import torch
from torch import Tensor, nn

from shoal import catalogue
from shoal.networks.layers import Activation
from shoal.population.batches import batch_size, train_rows, training_steps
from shoal.population.recipe import Job
from shoal.population.template import build
from shoal.tasks.task import Task

_WARM_UP = 3


def seconds(task: Task, jobs: Sequence[Job], allowed: float = 1.5) -> list[float]:
    """Seconds that each of ``jobs`` would take in a plain PyTorch loop.

    Each is timed for its share of ``allowed`` seconds after a warm-up of three steps, in a process of its
    own with one thread (small networks lose by more), and its
    time a step multiplied by the steps of its whole training.
    """
    prepared = {job.seed: task.prepare(job.seed) for job in jobs}
    steps = [_step(task, job, prepared[job.seed]) for job in jobs]

    def run(pipe: Any) -> None:
        share = allowed / len(jobs)
        found = [_timed(step, share, 1) for step in steps]  # more threads can hang in a forked process
        lengths = [training_steps(task, job.recipe) for job in jobs]
        pipe.send([each * length for each, length in zip(found, lengths, strict=True)])
        pipe.close()
        os._exit(0)

    context = get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=run, args=(writer,), daemon=True)
    process.start()
    writer.close()
    try:
        return list(reader.recv())
    except EOFError:
        raise RuntimeError("the plain PyTorch loop could not be timed: its process ended") from None
    finally:
        process.join()


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
        network = _native(build(job.recipe, task.features, task.outputs))
    network.train()
    optimizer = _optimizer(job, network)
    used = train_rows(task, job.recipe)
    x, y, train = prepared.x, prepared.y, prepared.train[:used]
    batch = batch_size(job.recipe, used)
    loss: Callable[[Tensor, Tensor], Tensor] = nn.CrossEntropyLoss()
    if task.loss is not None:
        loss = task.loss.function
    elif task.kind == "regression":
        loss = nn.MSELoss()
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


def _native(network: nn.Module) -> nn.Module:
    """torch's own activation layers in place of shoal's, where torch has them."""
    named = {
        name.lower(): kind for name, kind in vars(nn.modules.activation).items() if isinstance(kind, type)
    }
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Activation) and child.name in named:
                setattr(parent, name, named[child.name]())
    return network


def _optimizer(job: Job, network: nn.Module) -> torch.optim.Optimizer:
    """torch's optimizer of that name; stochastic gradient descent (with momentum) where it has none."""
    name = job.recipe.optimizer
    named = {one.lower(): kind for one, kind in vars(torch.optim).items() if isinstance(kind, type)}
    hyper = catalogue.make_hyper(catalogue.find("optimizer", name), job.recipe.hyper_of(name))
    lr = float(getattr(hyper, "lr", 1e-3))
    if name in named:
        return named[name](network.parameters(), lr=lr)
    return torch.optim.SGD(network.parameters(), lr=lr, momentum=float(getattr(hyper, "momentum", 0.0)))
