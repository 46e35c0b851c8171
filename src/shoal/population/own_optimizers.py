"""Members moved by a user's ``torch.optim.Optimizer`` class: an object each, stepping one after another.

The parameters of an object are views of its member's row of ``flat``. Objects cannot be saved in general, so
a shard that has any writes no checkpoints: resumed, it begins anew, and comes out the same.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from shoal import catalogue
from shoal.composition import prefix, rules
from shoal.errors import UserError
from shoal.population.groups import Group
from shoal.population.recipe import Job, Recipe
from shoal.population.template import Template


def used(recipe: Recipe) -> tuple[str, ...]:
    """Those of a recipe's rules that are classes of the user's own."""
    return tuple(name for name in rules(recipe.optimizer) if is_own(name))


def is_own(rule: str) -> bool:
    """Whether a rule expression is a ``torch.optim.Optimizer`` class (which stands alone in one)."""
    return rule.partition(":")[0].endswith(".py") and ":" in rule


def note(jobs: Iterable[Job]) -> str:
    """What there is to be said aloud about jobs, or nothing."""
    names = sorted({prefix(rule) for job in jobs for rule in used(job.recipe)})
    return f"{', '.join(names)} (member by member)" if names else ""


class _Moved(NamedTuple):
    parameters: list[nn.Parameter]
    optimizer: torch.optim.Optimizer


class OwnOptimizers:
    """The objects of a training's members, by job name; made when a member first takes a step."""

    def __init__(self) -> None:
        self._moved: dict[str, _Moved] = {}

    def forget(self, job: Job) -> None:
        """Drops a member's object: it has ended, or begins with a new rule."""
        self._moved.pop(job.name, None)

    def rule(
        self, group: Group, jobs: Sequence[Job], template: Template
    ) -> Callable[[Sequence[Tensor]], Sequence[Tensor]]:
        """The step of a group's members, called like a rule's program (see ``shoal.population.rules``)."""
        (piece,) = group.pieces
        scheduled = 4 + list(piece.hyper).index("lr") if "lr" in piece.hyper else None

        def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
            weights, gradients = (template.views(value) for value in inputs[:2])
            for row, job in enumerate(jobs):
                lr = None if scheduled is None else float(inputs[scheduled][row])
                own = [value[row] for value in weights], [value[row] for value in gradients]
                try:
                    self._step(group, job, *own, lr)
                except Exception as error:
                    raise UserError(
                        f"optimizer {group.name} raised {type(error).__name__} in its step: {error}"
                    ) from error
            return []

        return run

    def _step(
        self, group: Group, job: Job, weights: list[Tensor], gradients: list[Tensor], lr: float | None
    ) -> None:
        if job.name not in self._moved:
            parameters = [nn.Parameter(value) for value in weights]
            rule = group.pieces[0].technique
            hyper = catalogue.make_hyper(rule, job.recipe.hyper_of(group.name))
            self._moved[job.name] = _Moved(parameters, rule.make(parameters, hyper))
        parameters, optimizer = self._moved[job.name]
        for own, value, gradient in zip(parameters, weights, gradients, strict=True):
            own.data, own.grad = value, gradient
        if lr is not None:
            for one in optimizer.param_groups:
                one["lr"] = lr
        optimizer.step()
