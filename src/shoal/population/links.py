"""Links: regularizers that act beside the rule, outside the gradient's program.

"gradient" links change the gradients before the rules see them, "change" links the parameters after the
rules have moved them, and an "average" keeps the weights that are evaluated in place of the trained ones
(batch normalization's running statistics are averaged alike). All members of a stack have the same links,
each with numbers of its own. Every link is a small program for any network, which works in place:

gradient: gradient [members, parameters], key [members], steps done [members], the fields of Hyper [members]
change: one parameter [members, *shape], the fields of Hyper; one program for each role and dimension
average: vector [members, numbers], progress [members], the fields of Hyper, the leaves of State
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from shoal import catalogue
from shoal.errors import UserError
from shoal.population.package import Example, Program
from shoal.population.recipe import Job, Recipe
from shoal.population.rules import first_state
from shoal.population.template import Template
from shoal.techniques.numerics.counter_noise import fold

PLACES = ("gradient", "change", "average")
_SIZES = (5, 4, 3, 2)  # of an example parameter, all different
_GRADIENT = 0x67726164  # what tells the noise of gradients from that of weights and activations


@dataclass
class Link:
    """One link of all rows of a stack. hyper: field → [members]. state: leaves [members, ...]."""

    name: str
    technique: Any
    hyper: dict[str, Tensor]
    state: list[Tensor]

    def select(self, rows: Tensor) -> "Link":
        """The link of these rows, in this order."""
        hyper = {name: value[rows] for name, value in self.hyper.items()}
        return Link(self.name, self.technique, hyper, [leaf[rows] for leaf in self.state])


def names(recipe: Recipe) -> tuple[str, ...]:
    """The links of a recipe. Raises UserError for two averages."""
    found = catalogue.switched_on(recipe.hyper, *PLACES)
    averages = [name for name, one in found.items() if one.PLACE == "average"]
    if len(averages) > 1:
        raise UserError(f"{' and '.join(averages)} both say which weights are evaluated: choose one of them")
    return tuple(sorted(found, key=lambda name: (PLACES.index(found[name].PLACE), name)))


def by_position(recipe: Recipe) -> bool:
    """Whether a link draws noise, by position: a narrow network's would be another in a wide one."""
    return any(_draws(name) for name in catalogue.switched_on(recipe.hyper, "gradient"))


@functools.cache
def _draws(name: str) -> bool:
    """Whether what a gradient link makes depends on its noise key."""
    technique, gradient = catalogue.find("regularizer", name), torch.ones(9)
    made = [
        technique.apply(gradient, torch.tensor(key), torch.tensor(0.0), technique.Hyper()) for key in (1, 2)
    ]
    return not torch.equal(*made)


def create(jobs: Sequence[Job], flat: Tensor, buffers: Mapping[str, Tensor]) -> list[Link]:
    """The links of new members. Raises ValueError where members of one stack have different ones."""
    links = []
    for name in names(jobs[0].recipe):
        technique = catalogue.find("regularizer", name)
        each = [catalogue.make_hyper(technique, job.recipe.hyper_of(name)) for job in jobs]
        hyper = {
            field: torch.tensor([getattr(one, field) for one in each], dtype=flat.dtype, device=flat.device)
            for field in technique.Hyper._fields
        }
        keeps = technique.PLACE == "average"
        state = first_state(technique, _vector(flat, buffers.values()), list(hyper.values())) if keeps else []
        links.append(Link(name, technique, hyper, state))
    unlike = [job.name for job in jobs if names(job.recipe) != names(jobs[0].recipe)]
    if unlike:
        raise ValueError(f"{unlike[0]} has other regularizers beside its rule than others of its stack")
    return links


def merge(each: Sequence[Sequence[Link]], index: Tensor) -> list[Link]:
    """The links of several stacks' members, in the order that ``index`` gives."""
    merged = []
    for same in zip(*each, strict=True):
        hyper = {field: torch.cat([link.hyper[field] for link in same]) for field in same[0].hyper}
        state = [torch.cat(leaves) for leaves in zip(*(link.state for link in same), strict=True)]
        merged.append(Link(same[0].name, same[0].technique, hyper, state).select(index))
    return merged


def _vector(flat: Tensor, buffers: Iterable[Tensor]) -> Tensor:
    """Parameters and, behind them, all running statistics, [members, numbers]."""
    moving = [value.flatten(1) for value in buffers if value.is_floating_point()]
    return torch.cat([flat, *moving], 1) if moving else flat


def read(
    links: Sequence[Link], flat: Tensor, buffers: Mapping[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The parameters and buffers that are evaluated."""
    buffers = dict(buffers)
    for link in links:
        if link.technique.PLACE != "average":
            continue

        def one(state, vector, hyper, of=link.technique):
            return of.read(of.State(*state), vector, of.Hyper(*hyper))

        vector = vmap(one)(tuple(link.state), _vector(flat, buffers.values()), tuple(link.hyper.values()))
        flat, rest = vector[:, : flat.shape[1]], vector[:, flat.shape[1] :]
        for name, value in buffers.items():
            if value.is_floating_point():
                count = value[0].numel()
                buffers[name], rest = rest[:, :count].view(value.shape), rest[:, count:]
    return flat.contiguous(), buffers


class Chain:
    """A stack's links at work: ``before`` and ``after`` the rules of each step. programs: by ``wanted``."""

    def __init__(self, links: Sequence[Link], made: Template, flat: Tensor, programs: Mapping[str, Callable]):
        self._flat = flat
        self._gradient, self._change, self._average = [], [], []
        for link in links:
            hyper, place = list(link.hyper.values()), link.technique.PLACE
            if place == "gradient":
                self._gradient.append((programs[link.name], hyper))
            elif place == "average":
                self._average.append((programs[link.name], [*hyper, *link.state]))
            else:
                for name, value in zip(made.shapes, made.views(flat), strict=True):
                    key = _site(link.name, made.roles[name], value.ndim - 1)
                    if key in programs:
                        self._change.append((programs[key], [value, *hyper]))

    def before(self, gradient: Tensor, key: Tensor, step: Tensor) -> None:
        """Changes the gradient [members, parameters] in place.

        key: of this step's noise, [members]. step: steps done before this one, [members] int64.
        """
        if self._gradient:
            step = step.to(gradient.dtype)
        for program, hyper in self._gradient:
            program([gradient, key, step, *hyper])

    def after(self, buffers: Sequence[Tensor], progress: Tensor) -> None:
        """Changes the parameters, then the averages, in place.

        buffers: after this step, in the template's order. progress: shares of all steps done, [members].
        """
        for program, inputs in self._change:
            program(inputs)
        for program, inputs in self._average:
            program([_vector(self._flat, buffers), progress, *inputs])


def _site(name: str, role: str, dimensions: int) -> str:
    return f"{name} {role} {dimensions}"


def wanted(
    names: Sequence[str], made: Template, dtype: torch.dtype, device: str
) -> dict[str, Callable[[], Program]]:
    """How to make the programs that links ``names`` need with a network, by the key ``Chain`` asks for."""
    found: dict[str, Callable[[], Program]] = {}
    for name in names:
        technique = catalogue.find("regularizer", name)
        if technique.PLACE != "change":
            found[name] = functools.partial(_program, name, dtype, device)
            continue
        for parameter, shape in made.shapes.items():
            role, count = made.roles[parameter], len(shape)
            sample = torch.ones(_SIZES[:count])
            if technique.project(sample, role, technique.Hyper()) is not sample:
                key = _site(name, role, count)
                found[key] = functools.partial(_program, name, dtype, device, role, count)
    return found


def _program(name: str, dtype: torch.dtype, device: str, role: str = "", dimensions: int = 0) -> Program:
    """The traced program of one link, for any numbers of members and parameters."""
    technique = catalogue.find("regularizer", name)

    def make() -> Example:
        flat = torch.zeros(3, 131, dtype=dtype, device=device)
        hyper = [flat.new_zeros(3) for _ in technique.Hyper._fields]
        if technique.PLACE == "gradient":
            inputs = [flat, flat.new_zeros(3, dtype=torch.int64), flat.new_zeros(3), *hyper]
        elif technique.PLACE == "average":
            inputs = [flat, flat.new_zeros(3), *hyper, *first_state(technique, flat, hyper)]
        else:  # a view of a flat buffer, as in a stack: a package knows the strides it was made with
            sizes = torch.Size(_SIZES[:dimensions])
            inputs = [flat[:, : sizes.numel()].view(3, *sizes), *hyper]
        function = _functions[technique.PLACE](technique, role)
        return Example(function, inputs, [set(range(value.ndim)) for value in inputs])

    source = Path(technique.__file__ or "").read_text()
    label = f"{name} {role} {dimensions} {dtype} {device} {source}"
    return Program(f"rule-{name}", make, label, per_member=technique.PLACE != "change")


def _on_gradient(technique: Any, role: str) -> Callable[..., list[Tensor]]:
    def one(gradient, key, step, own):
        return technique.apply(gradient, fold(key, _GRADIENT), step, technique.Hyper(*own))

    def run(gradient, key, step, *hyper):
        gradient.copy_(vmap(one)(gradient, key, step, hyper))
        return []

    return run


def _on_change(technique: Any, role: str) -> Callable[..., list[Tensor]]:
    def run(value, *hyper):
        moved = vmap(lambda one, own: technique.project(one, role, technique.Hyper(*own)))(value, hyper)
        value.copy_(moved)
        return []

    return run


def _on_average(technique: Any, role: str) -> Callable[..., list[Tensor]]:
    fields = len(technique.Hyper._fields)

    def one(vector, progress, own, state):
        return tuple(technique.observe(technique.State(*state), vector, progress, technique.Hyper(*own)))

    def run(vector, progress, *numbers):
        state = numbers[fields:]
        for old, new in zip(state, vmap(one)(vector, progress, numbers[:fields], state), strict=True):
            old.copy_(new)
        return []

    return run


_functions = {"gradient": _on_gradient, "change": _on_change, "average": _on_average}
