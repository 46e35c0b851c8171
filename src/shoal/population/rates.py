"""Learning rates: each member's lr × its schedule × what its controller says, for a table of steps."""

from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from shoal import catalogue
from shoal.population.batches import training_steps
from shoal.population.recipe import Job
from shoal.population.stack import Stack
from shoal.tasks.task import Task


def progress(task: Task, stack: Stack, steps: Tensor) -> Tensor:
    """The shares of all its steps that each member has done after ``steps`` [..., members], float64."""
    totals = [training_steps(task, job.recipe) for job in stack.jobs]
    return steps.double() / torch.tensor(totals, device=steps.device)


def of(task: Task, stack: Stack, steps: Tensor) -> Tensor:
    """lr of every member at each of ``steps`` [count, members]: lr × schedule × controller."""
    share = progress(task, stack, steps)
    scale = torch.ones_like(share)
    for name in sorted({job.recipe.schedule for job in stack.jobs}):
        rows = [row for row, job in enumerate(stack.jobs) if job.recipe.schedule == name]
        scale[:, rows] = _schedule(name, [stack.jobs[row] for row in rows], share[:, rows])
    lr = torch.cat([_lr(group) for group in stack.groups]).double()
    if "lr_scale" in stack.control:
        lr = lr * stack.control["lr_scale"].to(lr.device)
    return (lr * scale).to(stack.flat.dtype)


def _lr(group: Any) -> Tensor:
    return group.hyper["lr"] if "lr" in group.hyper else group.state[0].new_ones(len(group))


def _schedule(name: str, jobs: list[Job], progress: Tensor) -> Tensor:
    technique = catalogue.find("schedule", name)
    own = [catalogue.make_hyper(technique, job.recipe.hyper_of(name)) for job in jobs]
    hyper = tuple(
        torch.tensor(
            [float(getattr(one, field)) for one in own], dtype=progress.dtype, device=progress.device
        )
        for field in technique.Hyper._fields
    )
    each = vmap(lambda p, h: technique.value(p, technique.Hyper(*h)), in_dims=(0, None))
    return vmap(each, in_dims=(1, 0), out_dims=1)(progress, hyper)
