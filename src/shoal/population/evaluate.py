"""Scores of a stack's members: outputs on rows without noise, then loss and metric, member by member."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, vmap
from torch.utils._pytree import tree_map

from shoal.networks.forward import Forward, forward
from shoal.population.batches import Data
from shoal.population.gradient import effective, row_losses, stackable
from shoal.population.stack import Stack
from shoal.tasks.task import Task

_NUMBERS = 4_000_000  # how many numbers of activations one chunk of rows may roughly hold


def outputs(stack: Stack, x: Tensor, rows: Tensor) -> Tensor:
    """Outputs [members, rows, outputs] for each member's own row numbers, rows [members, count]."""
    template = stack.template

    def one(weights, state, masks, own, hyper):
        values = dict(zip(template.family.hyper, hyper, strict=True))
        named = {**dict(zip(template.shapes, effective(weights, masks))), **dict(zip(template.buffers, state))}
        with forward(Forward(False, None, None, values)):
            return functional_call(template.module, named, (x[own],))

    masks = template.views(stack.masks) if stack.masks is not None else ()
    member = (template.views(stack.flat), tuple(stack.buffers.values()), masks)
    hyper = tuple(stack.hyper.values())
    widest = max([template.outputs, torch.Size(template.features).numel(), *(s[0] for s in template.shapes.values())])
    chunk = max(1, _NUMBERS // (len(stack) * widest * (16 if template.static else 1)))
    call = vmap(one) if stackable(template) else functools.partial(_member_by_member, one)
    with torch.no_grad():
        return torch.cat([call(*member, part, hyper) for part in rows.split(chunk, 1)], 1)


def _member_by_member(one: Callable, *values: Any) -> Tensor:
    members = len(values[-2])
    return torch.stack([one(*tree_map(lambda value, row=row: value[row], values)) for row in range(members)])


def losses_and_scores(task: Task, data: Data, stack: Stack, part: str) -> tuple[Tensor, Tensor]:
    """Mean loss and metric of each member on its seed's rows of ``part``, float64 [members] each.

    The metric is accuracy, or the root mean squared error in the target's unit. NaN where there are no
    such rows or the outputs are not finite.
    """
    rows = torch.stack([data.rows(seed, part) for seed in stack.seeds.tolist()]).to(data.x.device)
    if rows.shape[1] == 0:
        nothing = torch.full((len(stack),), torch.nan, dtype=torch.float64)
        return nothing, nothing
    made = outputs(stack, data.x, rows)
    target = data.y[rows]
    kind = stack.template.family.kind
    losses = vmap(lambda output, y: row_losses(output, y, kind))(made, target).double().mean(1)
    if kind == "classification":
        scores = (made.argmax(-1) == target).double().mean(1)
    else:
        scale = torch.tensor([data.prepared[seed].scale for seed in stack.seeds.tolist()], dtype=torch.float64)
        scores = ((made - target) ** 2).double().mean((1, 2)).sqrt().cpu() * scale
    scores = torch.where(losses.isfinite().cpu(), scores.cpu(), torch.nan)
    return losses.cpu(), scores
