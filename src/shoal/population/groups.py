"""Groups: neighboring rows of a stack that one composition of techniques moves, with numbers and state of
their own."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import vmap

from shoal import catalogue
from shoal.composition import Use, branches, dealt
from shoal.population import rules
from shoal.population.recipe import Job
from shoal.population.rules import Need
from shoal.population.template import Template


class Region(NamedTuple):
    """The parameters of one branch. columns: of flat, None for all. shapes: of its parameters, in order."""

    columns: Tensor | None
    shapes: tuple[torch.Size, ...]

    def of(self, flat: Tensor) -> Tensor:
        """flat [members, parameters] → the region's own [members, numbers]; a copy unless it is all."""
        return flat if self.columns is None else flat[:, self.columns]

    def views(self, part: Tensor) -> list[Tensor]:
        """part [members, numbers] as one view [members, *shape] for each parameter."""
        pieces = torch.split(part, [shape.numel() for shape in self.shapes], 1)
        return [one.view(part.shape[0], *shape) for one, shape in zip(pieces, self.shapes, strict=True)]


@functools.cache
def regions(rule: str, template: Template) -> tuple[Region, ...]:
    """Where a rule expression's branches act. Raises UserError for a role that the network does not have."""
    found = []
    starts, offset = {}, 0
    for name, shape in template.shapes.items():
        starts[name] = offset
        offset += shape.numel()
    for names in dealt(rule, template.roles):
        pieces = [torch.arange(starts[name], starts[name] + template.shapes[name].numel()) for name in names]
        whole = len(names) == len(template.shapes)
        columns = None if whole else torch.cat([*pieces, torch.empty(0, dtype=torch.int64)])
        found.append(Region(columns, tuple(template.shapes[name] for name in names)))
    return tuple(found)


def needs(rule: str, template: Template) -> list[Need]:
    """The programs of a rule expression on a network, for all that is no class of the user's own."""
    found = []
    for branch, region in zip(branches(rule), regions(rule, template), strict=True):
        changed = any(_place(use) == "change" for use in branch.chain)
        for use in branch.chain:
            scope = catalogue.find(use.kind, use.technique).CARD.scope
            what = "apply" if use.kind == "link" else "change" if changed else "move"
            if scope == "tensor":
                found += [Need(use.kind, use.technique, what, len(shape)) for shape in region.shapes]
            elif scope != "torch" and region.shapes:
                found.append(Need(use.kind, use.technique, what, None))
    return list(dict.fromkeys(found))


def _place(use: Use) -> str:
    return getattr(catalogue.find(use.kind, use.technique), "PLACE", "")


@dataclass
class Piece:
    """One technique of a group. branch: its number. hyper: field → [members]. state: leaves [members, ...],
    of scope "tensor" those of each parameter one after the other."""

    use: Use
    technique: Any
    branch: int
    hyper: dict[str, Tensor]
    state: list[Tensor]

    def select(self, rows: Tensor) -> "Piece":
        """The piece of these rows, in this order."""
        hyper = {name: value[rows] for name, value in self.hyper.items()}
        return Piece(self.use, self.technique, self.branch, hyper, [leaf[rows] for leaf in self.state])


@dataclass
class Group:
    """Neighboring rows moved by one rule expression, ``name``; size: how many."""

    name: str
    size: int
    pieces: list[Piece]

    def __len__(self) -> int:
        return self.size

    @property
    def state(self) -> list[Tensor]:
        """All leaves, in order."""
        return [leaf for piece in self.pieces for leaf in piece.state]

    def restore(self, leaves: Sequence[Tensor]) -> None:
        """Takes over what ``state`` gave."""
        left = list(leaves)
        for piece in self.pieces:
            piece.state, left = left[: len(piece.state)], left[len(piece.state) :]

    def select(self, rows: Tensor) -> "Group":
        """The group with these rows, in this order."""
        return Group(self.name, len(rows), [piece.select(rows) for piece in self.pieces])

    def take(self, other: "Group", rows: Mapping[int, int]) -> None:
        """Gives own rows the numbers of another group's: own row → other's row."""
        own, theirs = list(rows), list(rows.values())
        for new, old in zip(self._numbers(), other._numbers(), strict=True):
            new[own] = old[theirs]

    def read(self, flat: Tensor, template: Template) -> Tensor:
        """What is evaluated of the group's rows, flat [members, parameters]; itself for most rules."""
        for piece in self.pieces:
            if hasattr(piece.technique, "read"):
                region = regions(self.name, template)[piece.branch]
                part = _read(piece, region, region.of(flat))
                if region.columns is None:
                    flat = part
                else:
                    flat = flat.clone()
                    flat[:, region.columns] = part
        return flat

    def _numbers(self) -> list[Tensor]:
        return [value for piece in self.pieces for value in (*piece.hyper.values(), *piece.state)]


def merged(groups: Sequence[Group]) -> Group:
    """One group of the rows of several of one name."""
    pieces = []
    for same in zip(*(group.pieces for group in groups), strict=True):
        hyper = {field: torch.cat([piece.hyper[field] for piece in same]) for field in same[0].hyper}
        state = [torch.cat(leaves) for leaves in zip(*(piece.state for piece in same), strict=True)]
        pieces.append(Piece(same[0].use, same[0].technique, same[0].branch, hyper, state))
    return Group(groups[0].name, sum(map(len, groups)), pieces)


def _read(piece: Piece, region: Region, part: Tensor) -> Tensor:
    technique, hyper = piece.technique, tuple(piece.hyper.values())

    def one(state: Sequence[Tensor], value: Tensor, own: Sequence[Tensor]) -> Tensor:
        return technique.read(technique.State(*state), value, technique.Hyper(*own))

    if technique.CARD.scope != "tensor":
        return vmap(one)(tuple(piece.state), part, hyper)
    fields, made = len(technique.State._fields), []
    for number, view in enumerate(region.views(part)):
        state = tuple(piece.state[number * fields : (number + 1) * fields])
        made.append(vmap(one)(state, view, hyper).flatten(1))
    return torch.cat(made, 1)


def create_group(name: str, jobs: Sequence[Job], flat: Tensor, template: Template) -> Group:
    """New rows of one rule expression for ``jobs``, with its first state. flat: [members, parameters].

    Raises UserError for a rule that the engine cannot run, and for hyperparameters outside their domain.
    """
    pieces = []
    each = zip(branches(name), regions(name, template), strict=True)
    for number, (branch, region) in enumerate(each):
        part = region.of(flat)
        for use in branch.chain:
            technique = catalogue.find(use.kind, use.technique)
            rules.check(use.technique, technique)
            own = [catalogue.make_hyper(technique, job.recipe.hyper_of(use.label)) for job in jobs]
            hyper = {
                field: flat.new_tensor([float(getattr(one, field)) for one in own])
                for field in technique.Hyper._fields
            }
            state = _first_state(technique, region, part, list(hyper.values()))
            pieces.append(Piece(use, technique, number, hyper, state))
    return Group(name, len(jobs), pieces)


def _first_state(technique: Any, region: Region, part: Tensor, hyper: Sequence[Tensor]) -> list[Tensor]:
    scope = technique.CARD.scope
    if scope == "torch" or not region.shapes:  # its objects keep their state themselves; or nothing to move
        return []
    if scope != "tensor":
        return rules.first_state(technique, part, hyper)
    return [leaf for view in region.views(part) for leaf in rules.first_state(technique, view, hyper)]
