"""What learning rates are multiplied by: each member's schedule × what its controller says."""

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


def scales(task: Task, stack: Stack, steps: Tensor) -> Tensor:
    """What every member's lr is multiplied by at each of ``steps`` [count, members], float64."""
    share = progress(task, stack, steps)
    scale = torch.ones_like(share)
    for name in sorted({job.recipe.schedule for job in stack.jobs}):
        rows = [row for row, job in enumerate(stack.jobs) if job.recipe.schedule == name]
        scale[:, rows] = _schedule(name, [stack.jobs[row] for row in rows], share[:, rows])
    if "lr_scale" in stack.control:
        scale = scale * stack.control["lr_scale"].to(scale.device)
    return scale


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
