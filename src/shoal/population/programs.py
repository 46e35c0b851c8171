"""The programs a process has at hand: traced once, compiled packages used as soon as they are allowed."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from shoal import catalogue
from shoal.population import links, own_optimizers
from shoal.population.gradient import gradient_program, member_by_member, stackable
from shoal.population.package import Program
from shoal.population.recipe import Recipe
from shoal.population.recipe import rules as rules_of
from shoal.population.rules import rule_program
from shoal.population.stack import Stack
from shoal.population.template import Template

Run = Callable[[Sequence[Tensor]], Sequence[Tensor]]


class Programs:
    """Gradient and rule programs by what they depend on.

    mode: "all" uses compiled packages, which must be in the cache; "ready" those that are there; "none"
    only traced graphs.
    """

    def __init__(self, dtype: torch.dtype = torch.float32, device: str = "cpu"):
        self.dtype, self.device = dtype, device
        self.mode = "none"
        self._gradients: dict[tuple, Program] = {}
        self._rules: dict[str, Program] = {}
        self._links: dict[str, Program] = {}

    def __call__(self, stack: Stack, batch: int) -> tuple[Run, dict[str, Program]]:
        """What a stack needs, compiled or not as ``mode`` says: gradient, rules by optimizer or link."""
        gradient = self.gradient(stack.template, batch)
        needed = {rule for job in stack.jobs for rule in _traced(job.recipe)}
        rules = {name: self.rule(name) for name in sorted(needed)}
        rules |= self.links([link.name for link in stack.links], stack.template)
        for program in (gradient, *rules.values()):
            if self.mode == "none":
                program.unload()
            elif not program.load() and self.mode == "all":
                raise RuntimeError(f"program {program.key} was to be compiled, but is not in the cache")
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

    def rule(self, name: str) -> Program:
        """The program of an optimizer."""
        if name not in self._rules:
            self._rules[name] = rule_program(name, catalogue.find("optimizer", name), self.dtype, self.device)
        return self._rules[name]

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
            moving = [self.rule(name) for name in _traced(recipe)]
            for program in (self.gradient(template, batch), *moving, *beside):
                found[id(program)] = program
        return list(found.values())


def _traced(recipe: Recipe) -> list[str]:
    """The rules of a recipe that are programs."""
    return [name for name in rules_of(recipe.optimizer) if not own_optimizers.is_own(name)]
