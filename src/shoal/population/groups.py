"""Groups: neighboring rows of a stack that one rule moves, with numbers and state of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shoal import catalogue
from shoal.population import rules
from shoal.population.recipe import Job


@dataclass
class Group:
    """Neighboring rows of one optimizer. hyper: field → [members]. state: leaves [members, ...]."""

    name: str
    rule: Any
    hyper: dict[str, Tensor]
    state: list[Tensor]

    def __len__(self) -> int:
        return self.state[0].shape[0] if self.state else next(iter(self.hyper.values())).shape[0]

    def select(self, rows: Tensor) -> "Group":
        """The group with these rows, in this order."""
        hyper = {name: value[rows] for name, value in self.hyper.items()}
        return Group(self.name, self.rule, hyper, [leaf[rows] for leaf in self.state])

    def take(self, other: "Group", rows: Mapping[int, int]) -> None:
        """Gives own rows the numbers of another group's: own row → other's row."""
        own, theirs = list(rows), list(rows.values())
        for new, old in zip(self._numbers(), other._numbers(), strict=True):
            new[own] = old[theirs]

    def _numbers(self) -> list[Tensor]:
        return [*self.hyper.values(), *self.state]


def create_group(name: str, jobs: Sequence[Job], flat: Tensor) -> Group:
    """New rows of one rule for ``jobs``, with its first state. flat: their parameters [members, parameters].

    Raises UserError for a rule that the engine cannot run, and for hyperparameters outside their domain.
    """
    rule = catalogue.find("optimizer", name)
    rules.check(name, rule)
    each = [catalogue.make_hyper(rule, job.recipe.hyper_of(name)) for job in jobs]
    hyper = {
        field_name: torch.tensor(
            [float(getattr(one, field_name)) for one in each], dtype=flat.dtype, device=flat.device
        )
        for field_name in rule.Hyper._fields
    }
    own = rule.CARD.scope == "torch"  # its objects keep their state themselves
    state = [] if own else rules.first_state(rule, flat, list(hyper.values()))
    return Group(name, rule, hyper, state)
