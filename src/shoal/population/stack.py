"""A stack: members of equal tensor shapes, as data. Every operation on members is one choice of rows.

Dropping, reordering and copying members is ``select`` (a row may be named twice), freezing one is
selecting it into a stack of its own, refilling is ``merge``. Parameters, optimizer state, step counters,
buffers, kept weights and controllers go along; row order and noise are functions of (seed, step).
"""

import itertools
import operator
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from shoal import catalogue
from shoal.composition import spans
from shoal.population import links
from shoal.population.batches import training_steps
from shoal.population.groups import Group, create_group, merged
from shoal.population.links import Link
from shoal.population.padding import pad, padded_draw
from shoal.population.recipe import Job
from shoal.population.starting_weights import first as first_weights
from shoal.population.template import Template, padded, template
from shoal.tasks.task import Task


@dataclass
class Stack:
    """Members along dimension 0; jobs[i] is row i's, groups cover the rows in order.

    flat: [members, parameters]. buffers: name → [members, ...]. step: [members] int64, steps done.
    hyper: network and penalty hyperparameters → [members]. seeds: [members] int64.
    links: what acts beside the rules, see ``shoal.population.links``.
    control: controller state leaves [members], kept: weights a controller keeps [members, parameters].
    notes: per member, whatever must survive a checkpoint (JSON).
    """

    template: Template
    jobs: list[Job]
    flat: Tensor
    buffers: dict[str, Tensor]
    masks: Tensor | None
    hyper: dict[str, Tensor]
    seeds: Tensor
    step: Tensor
    groups: list[Group]
    control: dict[str, Tensor] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.jobs)

    def bounds(self) -> list[tuple[Group, int, int]]:
        """Each group with its first row and the row after its last."""
        found, start = [], 0
        for group in self.groups:
            found.append((group, start, start + len(group)))
            start += len(group)
        return found

    def select(self, rows: Sequence[int]) -> "Stack":
        """A stack of these rows (one may be named twice: a copy); order is kept within an optimizer."""
        if not rows:
            raise ValueError("a stack has at least one member")
        groups, ordered = [], []
        for group, start, stop in self.bounds():
            own = [row for row in rows if start <= row < stop]
            if own:
                groups.append(group.select(torch.tensor([row - start for row in own])))
                ordered += own
        return self._of(torch.tensor(ordered), groups)

    def _of(self, index: Tensor, groups: list[Group]) -> "Stack":
        return replace(
            self,
            jobs=[self.jobs[row] for row in index.tolist()],
            flat=self.flat[index],
            buffers={name: value[index] for name, value in self.buffers.items()},
            masks=None if self.masks is None else self.masks[index],
            hyper={name: value[index] for name, value in self.hyper.items()},
            seeds=self.seeds[index],
            step=self.step[index],
            groups=groups,
            control={name: value[index] for name, value in self.control.items()},
            links=[link.select(index) for link in self.links],
        )

    @property
    def rules(self) -> list[str]:
        """The rule that moves each row."""
        return [group.name for group in self.groups for _ in range(len(group))]

    def arranged(self, rows: Sequence[int], rules: Sequence[str], fresh: Collection[int] = ()) -> "Stack":
        """A stack of these rows in this order, each moved by its rule; those of one rule are neighbors.

        A row that another rule moved so far, or that is ``fresh``, begins with the rule's first state.
        """
        flat = self.flat.clone()
        begun = [row for row in fresh if row in rows]
        flat[begun] = self._read()[begun]  # the next rule begins where the last one is evaluated
        groups = []
        for rule, run in itertools.groupby(zip(rows, rules, strict=True), key=operator.itemgetter(1)):
            own = [row for row, _ in run]
            made = create_group(rule, [self.jobs[row] for row in own], flat[own], self.template)
            for group, start, stop in self.bounds():
                if group.name == rule:
                    kept = {place: row - start for place, row in enumerate(own) if start <= row < stop}
                    made.take(group, {at: row for at, row in kept.items() if own[at] not in fresh})
            groups.append(made)
        return replace(self, flat=flat)._of(torch.tensor(list(rows)), groups)

    def _read(self) -> Tensor:
        """What the rules say is to be evaluated, [members, parameters]."""
        parts = [group.read(self.flat[start:end], self.template) for group, start, end in self.bounds()]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def evaluated(self) -> "Stack":
        """The stack as it is scored: the weights that rules read, or an average's, in place of the last; with
        an average go its running statistics."""
        flat, buffers = links.read(self.links, self._read(), self.buffers)
        return replace(self, flat=flat, buffers=buffers, links=[])

    def state(self) -> dict[str, Tensor]:
        """Everything that changes while training, by name: what a checkpoint holds."""
        named = {"flat": self.flat, "step": self.step}
        named |= {f"buffer/{name}": value for name, value in self.buffers.items()}
        named |= {f"control/{name}": value for name, value in self.control.items()}
        for number, group in enumerate(self.groups):
            named |= {f"group/{number}/{leaf}": value for leaf, value in enumerate(group.state)}
        for link in self.links:
            named |= {f"link/{link.name}/{leaf}": value for leaf, value in enumerate(link.state)}
        return named

    def restore(self, named: Mapping[str, Tensor]) -> None:
        """Takes over what ``state`` gave for a stack of the same jobs."""
        expected = self.state()
        if {k: (v.shape, v.dtype) for k, v in expected.items()} != {
            k: (v.shape, v.dtype) for k, v in named.items()
        }:
            raise ValueError("the checkpoint is of another stack")
        self.flat, self.step = named["flat"], named["step"]
        self.buffers = {name: named[f"buffer/{name}"] for name in self.buffers}
        self.control = {name: named[f"control/{name}"] for name in self.control}
        for number, group in enumerate(self.groups):
            group.restore([named[f"group/{number}/{leaf}"] for leaf in range(len(group.state))])
        for link in self.links:
            link.state = [named[f"link/{link.name}/{leaf}"] for leaf in range(len(link.state))]


def merge(stacks: Sequence[Stack]) -> Stack:
    """One stack of all their members; those of one optimizer become neighbors.

    Raises ValueError unless networks, shapes, controllers and links are equal.
    """
    first = stacks[0]
    kinds = [
        (one.template.family, one.template.shapes, one.control.keys(), [link.name for link in one.links])
        for one in stacks
    ]
    if any(kind != kinds[0] for kind in kinds):
        raise ValueError("only stacks of one network, shape, controller and links can be merged")
    groups: list[Group] = []
    places: dict[str, list[int]] = {}
    offset = 0
    for one in stacks:
        for group, start, stop in one.bounds():
            places.setdefault(group.name, []).extend(range(offset + start, offset + stop))
        offset += len(one)
    for name in places:
        groups.append(merged([group for one in stacks for group in one.groups if group.name == name]))
    index = torch.tensor([row for rows in places.values() for row in rows])
    jobs = [job for one in stacks for job in one.jobs]
    masks = [one.masks for one in stacks if one.masks is not None]
    return Stack(
        template=first.template,
        jobs=[jobs[row] for row in index.tolist()],
        flat=torch.cat([one.flat for one in stacks])[index],
        buffers={name: torch.cat([one.buffers[name] for one in stacks])[index] for name in first.buffers},
        masks=torch.cat(masks)[index] if masks else None,
        hyper={name: torch.cat([one.hyper[name] for one in stacks])[index] for name in first.hyper},
        seeds=torch.cat([one.seeds for one in stacks])[index],
        step=torch.cat([one.step for one in stacks])[index],
        groups=groups,
        control={name: torch.cat([one.control[name] for one in stacks])[index] for name in first.control},
        links=links.merge([one.links for one in stacks], index),
    )


def shared_template(task: Task, jobs: Sequence[Job]) -> Template:
    """The template of a stack of ``jobs``: the widest one's, masked if the others are narrower.

    Raises ValueError for networks that differ in more than width.
    """
    widest = max(jobs, key=lambda job: job.recipe.width)
    made = template(task, widest.recipe)
    unlike = [job.name for job in jobs if template(task, job.recipe).family != made.family]
    if unlike:
        raise ValueError(f"{unlike[0]} and {widest.name} have different networks: they cannot share a stack")
    return made if all(job.recipe.width == widest.recipe.width for job in jobs) else padded(made)


def create(task: Task, jobs: Sequence[Job], dtype: torch.dtype = torch.float32, device: str = "cpu") -> Stack:
    """New members for ``jobs``, with first weights and optimizer state of their own.

    All have one template, but for the width: narrower members are padded to the widest, with masks.
    """
    first = {id(job): spans(job.recipe.optimizer, training_steps(task, job.recipe))[0].rule for job in jobs}
    ordered = sorted(jobs, key=lambda job: first[id(job)])
    made, masks = shared_template(task, ordered), None
    drawn = [first_weights(task, job.recipe, job.seed) for job in ordered]
    if made.family.masked:
        small = [template(task, job.recipe) for job in ordered]
        masks = torch.stack([pad(one, made, torch.ones(one.parameters)) for one in small]).to(device, dtype)
        drawn = [padded_draw(one, made, *own) for one, own in zip(small, drawn, strict=True)]
    flat = torch.stack([weights for weights, _ in drawn]).to(device, dtype)
    buffers = {name: torch.stack([own[name] for _, own in drawn]).to(device) for name in made.buffers}
    buffers = {
        name: value.to(dtype) if value.is_floating_point() else value for name, value in buffers.items()
    }
    hyper = {name: _numbers(ordered, name, made, dtype, device) for name in made.family.hyper}
    groups, start = [], 0
    for name in sorted(set(first.values())):
        own = [job for job in ordered if first[id(job)] == name]
        groups.append(create_group(name, own, flat[start : start + len(own)], made))
        start += len(own)
    return Stack(
        template=made,
        jobs=ordered,
        flat=flat,
        buffers=buffers,
        masks=masks,
        hyper=hyper,
        seeds=torch.tensor([job.seed for job in ordered], device=device),
        step=torch.zeros(len(ordered), dtype=torch.int64),
        groups=groups,
        links=links.create(ordered, flat, buffers),
    )


def _numbers(jobs: Sequence[Job], name: str, made: Template, dtype: torch.dtype, device: str) -> Tensor:
    """A hyperparameter of the gradient's program for each member; 0 where its technique is off."""
    technique, _, field_name = name.partition(".")
    switched = catalogue.switched_kind(technique)
    layer = "activation" if technique == made.family.activation else "normalization"
    found = catalogue.find(switched or layer, technique)
    given = [job.recipe.hyper_of(technique) for job in jobs]
    numbers = [
        getattr(catalogue.make_hyper(found, own), field_name) if own or switched is None else 0.0
        for own in given
    ]
    return torch.tensor(numbers, dtype=dtype, device=device)
