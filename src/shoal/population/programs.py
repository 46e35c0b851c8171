"""The programs a process has at hand: traced once, compiled packages used as soon as they are allowed."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from shoal.composition import stages
from shoal.population import links
from shoal.population.gradient import gradient_program, member_by_member, stackable
from shoal.population.groups import needs
from shoal.population.package import Program
from shoal.population.recipe import Recipe
from shoal.population.rules import Need, program
from shoal.population.stack import Stack
from shoal.population.template import Template

Run = Callable[[Sequence[Tensor]], Sequence[Tensor]]


class Programs:
    """Gradient and rule programs by what they depend on.

    mode: "all" uses compiled packages, which must be in the cache; "ready" those that are there; "none"
    only traced graphs, which programs that compiling does not pay for always are.
    """

    def __init__(self, dtype: torch.dtype = torch.float32, device: str = "cpu"):
        self.dtype, self.device = dtype, device
        self.mode = "none"
        self._gradients: dict[tuple, Program] = {}
        self._rules: dict[Need, Program] = {}
        self._links: dict[str, Program] = {}

    def __call__(self, stack: Stack, batch: int) -> tuple[Run, dict[Any, Program]]:
        """What a stack needs, compiled or not as ``mode`` says: gradient, and by need what moves it."""
        gradient = self.gradient(stack.template, batch)
        needed = [need for job in stack.jobs for need in _needed(job.recipe, stack.template)]
        rules: dict[Any, Program] = {need: self.rule(need) for need in dict.fromkeys(needed)}
        rules |= self.links([link.name for link in stack.links], stack.template)
        for one in (gradient, *rules.values()):
            if self.mode == "none":
                one.unload()
            elif not one.load() and self.mode == "all" and not one.stays_traced:
                raise RuntimeError(f"program {one.key} was to be compiled, but is not in the cache")
        return gradient if stackable(stack.template) else member_by_member(gradient, stack.template), rules

    def gradient(self, template: Template, batch: int) -> Program:
        """The gradient program of a template; perceptrons of one family share one."""
        key = (
            (template.family, id(template), batch)
            if template.static
            else (template.family, template.outputs > 1)
        )
        if key not in self._gradients:
            self._gradients[key] = gradient_program(template, batch, self.dtype, self.device)
        return self._gradients[key]

    def rule(self, need: Need) -> Program:
        """The program of one technique of an optimizer."""
        if need not in self._rules:
            self._rules[need] = program(need, self.dtype, self.device)
        return self._rules[need]

    def links(self, names: Sequence[str], template: Template) -> dict[str, Program]:
        """The programs of links, by the key that they are asked for with."""
        found = links.wanted(names, template, self.dtype, self.device)
        for key, make in found.items():
            if key not in self._links:
                self._links[key] = make()
        return {key: self._links[key] for key in found}

    def of(self, needs: Iterable[tuple[Template, int, Recipe]]) -> list[Program]:
        """The distinct programs for (template, batch size, recipe) triples."""
        found: dict[int, Program] = {}
        for template, batch, recipe in needs:
            beside = self.links(links.names(recipe), template).values()
            moving = [self.rule(need) for need in _needed(recipe, template)]
            for one in (self.gradient(template, batch), *moving, *beside):
                found[id(one)] = one
        return list(found.values())


def _needed(recipe: Recipe, template: Template) -> list[Need]:
    """What moves a recipe's members and is a program."""
    return [need for stage in stages(recipe.optimizer) for need in needs(stage.rule, template)]
