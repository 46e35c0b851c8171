"""The chain of one branch at work in a plain loop: its links and its rule, over lists of parameters.

By ``CARD.scope``, a technique sees all parameters of the branch as one vector ("member"), or each by itself,
in its own shape ("tensor") or flat ("element"). ``state[p]`` holds its State as "adam.mean", "adam.step", ...
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from torch import Tensor

from shoal import catalogue
from shoal.composition import Branch, Use, prefix
from shoal.errors import UserError
from shoal.optim.shown import Shown
from shoal.optim.walks import joined, numbers

TITLE = "compose"  # what sentences call the optimizer
States = MutableMapping[Tensor, dict[str, Any]]
Group = Mapping[str, Any]


class Technique:
    """A rule or link, and its numbers in a parameter group: "lr" is the rule's, "cautious.eps" a link's.

    Raises UserError for what a plain loop cannot run.
    """

    def __init__(self, use: Use):
        self.module: Any = catalogue.find(use.kind, use.technique)
        self.name = prefix(use.technique)
        self.place = getattr(self.module, "PLACE", "") if use.kind == "link" else "rule"
        card = self.module.CARD
        if card.scope == "torch":
            raise UserError(
                f"{use.technique} is a torch.optim.Optimizer class already: make it yourself, without "
                "shoal.optim.compose"
            )
        if card.needs:
            raise UserError(f"{self.name} needs {', '.join(card.needs)}, which a training loop does not give")
        self.keys = {field: f"{self.name}.{field}" for field in self.module.State._fields}
        self.whole, self.flat = card.scope == "member", card.scope != "tensor"
        single = numbers(self.module) if self.flat else ()
        self.single = [self.keys[field] for field in single]

    def entries(self, values: Mapping[str, float]) -> dict[str, float]:
        """Its hyperparameters, ``values`` in place of defaults, as a parameter group names them."""
        hyper = catalogue.make_hyper(self.module, values)._asdict()
        return {self._entry(field): float(value) for field, value in hyper.items()}

    def hyper(self, group: Group) -> Any:
        """Its Hyper from the parameter group."""
        values = {field: group[self._entry(field)] for field in self.module.Hyper._fields}
        return self.module.Hyper(
            **{field: one.reshape(()) if isinstance(one, Tensor) else one for field, one in values.items()}
        )

    def _entry(self, field: str) -> str:
        return field if self.place == "rule" else f"{self.name}.{field}"

    def over(
        self, call: Callable[..., Any], group: Group, state: States, *lists: Sequence[Tensor]
    ) -> list[Tensor]:
        """What ``call(hyper, state, *tensors)`` → (tensor, new state) makes, for each parameter.

        lists: the parameters, then what else the call is given, a tensor [*shape] for each. The new state is
        kept.
        """
        parameters, made = lists[0], []
        hyper = self.hyper(group)
        self._start(parameters, state, hyper)
        every = list(range(len(parameters)))
        for part in [every] if self.whole and every else [[one] for one in every]:
            owners = [parameters[number] for number in part]
            given = [self._seen([values[number] for number in part]) for values in lists]
            result, after = call(hyper, self._gathered(owners, state), *given)
            self._deal(owners, state, after._asdict())
            made += self._shaped(result, owners)
        return made

    def read(self, group: Group, state: States, parameters: Sequence[Tensor]) -> list[Tensor]:
        """The weights that are evaluated in place of ``parameters``."""

        def call(hyper: Any, own: Any, parameter: Tensor) -> tuple[Tensor, Any]:
            return self.module.read(own, parameter, hyper), own

        return self.over(call, group, state, parameters)

    def _seen(self, tensors: Sequence[Tensor]) -> Tensor:
        return joined(tensors) if self.flat else tensors[0].detach()

    def _shaped(self, result: Tensor, owners: Sequence[Tensor]) -> list[Tensor]:
        parts = result.split([one.numel() for one in owners]) if self.flat else [result]
        return [part.reshape(one.shape) for part, one in zip(parts, owners, strict=True)]

    def _start(self, parameters: Sequence[Tensor], state: States, hyper: Any) -> None:
        """The state before the first step, for those that have none; numbers are those of all."""
        first = next(iter(self.keys.values()), None)
        fresh = [one for one in parameters if first and first not in state[one]]
        begun = next((state[one] for one in parameters if first and first in state[one]), {})
        for part in [fresh] if self.whole and fresh else [[one] for one in fresh]:
            leaves = self.module.init(self._seen(part), hyper)._asdict()
            if self.whole:
                leaves |= {
                    field: begun[key] for field, key in self.keys.items() if key in self.single and begun
                }
            self._deal(part, state, leaves)

    def _gathered(self, owners: Sequence[Tensor], state: States) -> Any:
        leaves = {}
        for field, key in self.keys.items():
            alone = key in self.single or not self.flat
            leaves[field] = state[owners[0]][key] if alone else joined([state[one][key] for one in owners])
        return self.module.State(**leaves)

    def _deal(self, owners: Sequence[Tensor], state: States, leaves: Mapping[str, Tensor]) -> None:
        """Each parameter's part of a state, its own memory: a rule may return what it was shown."""
        for field, key in self.keys.items():
            alone = key in self.single or not self.flat
            parts = [leaves[field]] * len(owners) if alone else self._shaped(leaves[field], owners)
            for one, part in zip(owners, parts, strict=True):
                state[one][key] = part.detach().clone()


class Chain:
    """The techniques of one branch, in their order."""

    def __init__(self, branch: Branch):
        found = [Technique(use) for use in branch.chain]
        self.techniques = found
        self.points = [one for one in found if one.place == "point"]
        self.before = [one for one in found if one.place == "gradient"]
        (self.rule,) = (one for one in found if one.place == "rule")
        self.behind = [one for one in found if one.place == "change"]
        self.reads = hasattr(self.rule.module, "read")

    def look(
        self, group: Group, state: States, parameters: Sequence[Tensor], loss: Tensor | None
    ) -> list[Tensor]:
        """Where the gradient is wanted, for each parameter; the links are shown the one at the parameters."""
        at = list(parameters)
        gradients = _gradients(parameters)
        for link in self.points:
            module = link.module

            def call(hyper: Any, own: Any, parameter: Tensor, gradient: Tensor, of: Any = module) -> Any:
                after = of.probe(Shown(gradient, loss, TITLE), own, parameter, hyper)
                return of.look(after, parameter, hyper), after

            at = link.over(call, group, state, parameters, gradients)
        return at

    def move(self, group: Group, state: States, parameters: Sequence[Tensor], loss: Tensor | None) -> None:
        """One step, by the gradients that the parameters have."""
        gradients = _gradients(parameters)
        for link in self.before:

            def changed(
                hyper: Any, own: Any, parameter: Tensor, gradient: Tensor, of: Any = link.module
            ) -> Any:
                return of.apply(Shown(gradient, loss, TITLE), own, parameter, hyper)

            gradients = link.over(changed, group, state, parameters, gradients)

        def update(hyper: Any, own: Any, parameter: Tensor, gradient: Tensor) -> Any:
            return self.rule.module.update(Shown(gradient, loss, TITLE), own, parameter, hyper)

        changes = self.rule.over(update, group, state, parameters, gradients)
        for link in self.behind:

            def apply(
                hyper: Any,
                own: Any,
                parameter: Tensor,
                gradient: Tensor,
                change: Tensor,
                of: Any = link.module,
            ) -> Any:
                return of.apply(Shown(gradient, loss, TITLE), change, own, parameter, hyper)

            changes = link.over(apply, group, state, parameters, gradients, changes)
        for one, change in zip(parameters, changes, strict=True):
            one.add_(change)


def _gradients(parameters: Sequence[Tensor]) -> list[Tensor]:
    return [one.grad for one in parameters if one.grad is not None]
