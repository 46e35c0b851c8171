"""Scores of a stack's members: outputs on rows without noise, then loss and metric, member by member."""

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.functional import cross_entropy
from torch.utils._pytree import tree_map

from shoal.errors import UserError
from shoal.networks import register
from shoal.networks.capture import layer_inputs
from shoal.networks.forward import Forward, forward
from shoal.population.batches import Data
from shoal.population.gradient import effective, row_losses, stackable
from shoal.population.recipe import Job
from shoal.population.stack import Stack
from shoal.population.template import Template
from shoal.tasks import metrics, own_network
from shoal.tasks.streamed import Streamed, read
from shoal.tasks.task import Task

_VECTORIZED = (
    "accuracy",
    "rmse",
    "loss",
    "bits_per_character",
    "character_accuracy",
)  # metrics of all members at once, without scikit-learn
_WINDOWS = 512  # of training, that next tokens are judged on
TRAIN_ROWS = 4096
"""Training rows that the training score is of, where there are more; evenly spaced ones."""
_NUMBERS = 4_000_000  # how many numbers of activations one chunk of rows may roughly hold


def outputs(stack: Stack, x: Tensor | Streamed, rows: Tensor) -> Tensor:
    """Outputs [members, rows, outputs] for each member's own row numbers, rows [members, count]."""
    call = functools.partial(_call, stack.template)
    parts: list[Tensor] = []
    for part in rows.split(_chunk(stack), 1):
        given, numbers = read(x, part)
        parts += _each(stack, lambda member, own, given=given: call(member, given[own]), numbers)
    return torch.cat(parts, 1)


def _chunk(stack: Stack) -> int:
    """How many rows are called at once: a network of tokens has a layer's numbers for each of them."""
    template = stack.template
    matrices = {name: shape for name, shape in template.shapes.items() if len(shape) > 1}
    wide = [shape[0] for name, shape in matrices.items() if template.roles[name] != "embedding"]
    numbers, widest = torch.Size(template.features).numel(), max([template.outputs, *wide])
    network = template.family.network
    if network != "own" and register.describe(network).inputs in ("tokens", "text"):
        return max(1, _NUMBERS // (len(stack) * widest * numbers))
    return max(1, _NUMBERS // (len(stack) * max(widest, numbers) * (16 if template.static else 1)))


def dead_units(stack: Stack, data: Data) -> list[float]:
    """For each member the share of hidden units that give one and the same number for 256 training rows.

    Units are the inputs of all linear and convolution layers behind the first; NaN if there are none.
    """
    template = stack.template
    rows = torch.stack([data.rows(seed, "train")[:256] for seed in stack.seeds.tolist()]).to(data.x.device)

    x, rows = read(data.x, rows)

    def ends(member: Any, own: Tensor) -> tuple[Tensor, ...]:
        with layer_inputs(template.module, (nn.Linear, nn.Conv2d)) as caught:
            _call(template, member, x[own])
        hidden = [value.transpose(0, 1).flatten(1) for value in list(caught.values())[1:]]
        return tuple(torch.stack([value.amax(1), -value.amin(1)]) for value in hidden)

    made = [_each(stack, ends, part) for part in rows.split(_chunk(stack), 1)]
    both = [functools.reduce(torch.maximum, layer) for layer in zip(*made, strict=True)]
    found = [largest == -smallest for largest, smallest in (layer.unbind(1) for layer in both)]
    shares = []
    for row, job in enumerate(stack.jobs):
        width = job.recipe.width if stack.masks is not None else None
        own = [layer[row, :width] for layer in found]
        shares.append(float(torch.cat(own).double().mean()) if own else float("nan"))
    return shares


def _call(template: Template, member: Any, x: Tensor) -> tuple[Tensor, ...]:
    """One member's outputs for rows x, without noise; member: weights, buffers, masks, hyper."""
    weights, state, masks, hyper = member
    values = dict(zip(template.family.hyper, hyper, strict=True))
    named = dict(zip(template.shapes, effective(weights, masks), strict=True))
    named |= dict(zip(template.buffers, state, strict=True))
    template.module.eval()  # for a user's module that asks self.training
    with forward(Forward(False, None, None, values)):
        return (
            own_network.call("the network, in evaluation,", functional_call, template.module, named, (x,)),
        )


def _each(stack: Stack, function: Callable, rows: Tensor) -> tuple[Tensor, ...]:
    """function of every member and its row numbers: by vmap, or member by member where vmap cannot."""
    template = stack.template
    masks = template.views(stack.masks) if stack.masks is not None else ()
    member = (template.views(stack.flat), tuple(stack.buffers.values()), masks, tuple(stack.hyper.values()))
    with torch.no_grad():
        if stackable(template):
            return vmap(function)(member, rows)
        made = [function(tree_map(lambda v, row=row: v[row], member), rows[row]) for row in range(len(stack))]
        return tuple(torch.stack(values) for values in zip(*made, strict=True))


def prepare(task: Task, jobs: Iterable[Job]) -> None:
    """Loads what scoring ``jobs`` needs, before processes are forked that would each load it."""
    if task.metric not in _VECTORIZED or any(job.points for job in jobs):
        metrics.load()


def losses_and_scores(
    task: Task, data: Data, stack: Stack, part: str, most: int | None = None
) -> tuple[Tensor, Tensor]:
    """Mean loss and the task's metric of each member on its seed's rows of ``part``, float64 [members] each.

    most: rows to judge by, if there are more: as many, evenly spaced. Of training rows ``TRAIN_ROWS``.

    Errors are in the target's unit. NaN where there are no such rows or the outputs are not finite.
    Where the metric is undefined (auroc on rows of one class, r2 on a single row) that is a UserError, but of
    training rows, of which there may be very few on purpose, NaN.
    """
    if task.kind == "language":
        found = _of_next_tokens(data, stack, part, most)
        return found["loss"], found[task.metric]
    made, target = _on_part(data, stack, part, most)
    if target.shape[1] == 0:
        nothing = torch.full((len(stack),), torch.nan, dtype=torch.float64)
        return nothing, nothing
    kind, own = stack.template.family.kind, stack.template.loss
    losses = vmap(lambda output, y: row_losses(output, y, kind, own=own))(made, target).double().mean(1).cpu()
    scores = torch.full_like(losses, torch.nan)
    finite = losses.isfinite().nonzero()[:, 0]
    scales = [data.prepared[seed].scale for seed in stack.seeds.tolist()]
    if task.metric == "loss":
        scores[finite] = losses[finite]
    elif task.metric == "accuracy":
        scores[finite] = (made.argmax(-1) == target).double().mean(1).cpu()[finite]
    elif task.metric == "rmse":
        root = ((made - target) ** 2).double().flatten(1).mean(1).sqrt().cpu()
        scores[finite] = (root * torch.tensor(scales, dtype=torch.float64))[finite]
    else:
        for row in finite.tolist():
            scores[row] = metrics.value(task.metric, *_arrays(made[row], target[row]), scales[row])
    if part != "train" and most is None and scores[finite].isnan().any():
        raise UserError(
            f"metric {task.metric!r} is undefined on the {part} rows of task {task.name!r} (one class or "
            "one row only): choose another metric"
        )
    return losses, scores


def all_metrics(task: Task, data: Data, stack: Stack, part: str) -> list[dict[str, float]]:
    """For each member every metric of the task's kind on its seed's rows of ``part``, by name.

    NaN where a metric is undefined or the outputs are not finite.
    """
    if task.kind == "language":
        each = _of_next_tokens(data, stack, part)
        return [
            {name: float(each[name][row]) for name in metrics.names(task.kind)} for row in range(len(stack))
        ]
    made, target = _on_part(data, stack, part)
    names = [name for name in metrics.names(task.kind) if metrics.find(name).compute is not None]
    found = []
    for row, seed in enumerate(stack.seeds.tolist()):
        if not target.shape[1] or not made[row].isfinite().all():
            found.append(dict.fromkeys(names, math.nan))
            continue
        arrays, scale = _arrays(made[row], target[row]), data.prepared[seed].scale
        found.append({name: metrics.value(name, *arrays, scale) for name in names})
    return found


def _on_part(data: Data, stack: Stack, part: str, most: int | None = None) -> tuple[Tensor, Tensor]:
    """Outputs [members, rows, outputs] on each member's rows of ``part``, and their targets."""
    rows = _rows(data, stack, part, TRAIN_ROWS if part == "train" else most)
    return outputs(stack, data.x, rows), data.y[rows]


def _rows(data: Data, stack: Stack, part: str, most: int | None) -> Tensor:
    """Each member's row numbers of ``part``, [members, rows]; of more than ``most`` so many."""
    rows = torch.stack([data.rows(seed, part) for seed in stack.seeds.tolist()]).to(data.x.device)
    if most is None or rows.shape[1] <= most:
        return rows
    return rows[:, torch.linspace(0, rows.shape[1] - 1, most).long()]


def _of_next_tokens(data: Data, stack: Stack, part: str, most: int | None = None) -> dict[str, Tensor]:
    """The loss in nats and every metric of the kind, float64 [members]: means over the places that count.

    Outputs are judged chunk by chunk and not kept. Of training rows, all of whose places count, a few hundred
    spread over all are judged, by the second half of their places: as rows of other parts are.
    """
    rows = _rows(data, stack, part, _WINDOWS if part == "train" else most)
    sums = torch.zeros(3, len(stack), dtype=torch.float64, device=rows.device)
    for some in rows.split(_chunk(stack), 1):
        made, target = outputs(stack, data.x, some), data.y[some]
        if part == "train":
            place = torch.arange(target.shape[-1], device=target.device)
            target = torch.where(place < target.shape[-1] // 2, -1, target)
        nats = cross_entropy(made.movedim(-1, 1), target, ignore_index=-1, reduction="none")
        kept = (nats, made.argmax(-1) == target, target >= 0)
        sums += torch.stack([one.double().sum((1, 2)) for one in kept])
    loss, right = (sums[:2] / sums[2]).cpu()
    return {"loss": loss, "bits_per_character": loss / math.log(2), "character_accuracy": right}


def _arrays(made: Tensor, target: Tensor) -> tuple[Any, Any]:
    return made.cpu().numpy(), target.cpu().numpy()
