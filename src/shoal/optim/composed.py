"""One torch.optim.Optimizer of rules by role and of links: the expressions that recipes and plans have."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from shoal.composition import branches, dealt, stages, uses
from shoal.errors import UserError, unknown
from shoal.networks.roles import roles
from shoal.optim import keywords
from shoal.optim.chain import TITLE, Chain
from shoal.optim.reading import TRAINED
from shoal.optim.saving import Kept, unwrapped, wrapped
from shoal.optim.watch import Watch


def compose(
    model: nn.Module | Iterable[Any],
    optimizer: str,
    hyper: Mapping[str, float] | None = None,
    **named: float,
) -> "Composed":
    """The optimizer ``"matrix:centralize+lamb|adam+cautious"`` of a model (see ``shoal.composition``).

    model: whose parameters have roles; an iterable of parameters will do where ``optimizer`` names no roles.
    hyper: as recipes spell them, {"adam.lr": 1e-3, "matrix.lamb.lr": 2e-3}, or "lr" if there is but one rule;
    ``**{"adam.lr": 1e-3}`` says the same. What is not given is at the technique's default.
    Raises UserError for an expression, name, number or role that cannot be, and for stages (``>``).
    """
    if len(stages(optimizer)) > 1:
        raise UserError(
            f"optimizer {optimizer!r} has stages, and a training loop has no number of steps to count them "
            "by: compose the first, and where the next takes over make a new optimizer of it"
        )
    if twice := (hyper or {}).keys() & named.keys():
        raise UserError(f"{min(twice)} is given twice: in hyper and as a keyword")
    return Composed(model, optimizer, {**(hyper or {}), **named})


class Composed(torch.optim.Optimizer):
    """What ``compose`` makes: one parameter group a branch, named by its ``roles`` and ``chain``.

    group["lr"], group["beta1"], ... are the rule's, group["cautious.eps"] a link's; they are read at each
    step. State is in float32 or wider. Parameters without gradient are skipped. ``eval()`` and ``train()``
    matter where a rule evaluates other weights than it trains (schedule-free methods), and do nothing
    otherwise.
    """

    def __init__(self, model: nn.Module | Iterable[Any], optimizer: str, hyper: Mapping[str, float]):
        self.expression = optimizer
        self._complete = False
        self._set_up()
        self._running = list(model.buffers()) if isinstance(model, nn.Module) else []
        numbers = _by_label(optimizer, hyper)
        groups = []
        parts = zip(branches(optimizer), self._chains, _parts(model, optimizer), strict=True)
        for branch, chain, (parameters, own) in parts:
            group = {
                "params": parameters,
                "roles": own,
                "chain": "+".join(use.technique for use in branch.chain),
            }
            for use, technique in zip(branch.chain, chain.techniques, strict=True):
                group |= technique.entries(numbers.get(use.label, {}))
            groups.append(group)
        super().__init__(groups, {})
        self._complete = True

    def _set_up(self) -> None:
        self._chains = [Chain(branch) for branch in branches(self.expression)]
        self._watch = Watch(TITLE)

    @torch._disable_dynamo
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Raises UserError: which branch moves a parameter is settled when the optimizer is made."""
        if self._complete:
            raise UserError(
                f"optimizer {self.expression!r} has a parameter group for each branch and takes no more: "
                "make a new one of the whole model"
            )
        super().add_param_group(param_group)
        for one in self.param_groups[-1]["params"]:
            keywords.check_parameter(TITLE, one)

    def step(self, closure: Callable[[], Any] | None = None, *, loss: Any = None) -> Any:
        """One step. ``closure`` zeroes gradients, evaluates the loss, calls backward and returns the loss, as
        for torch.optim.LBFGS; without one, the gradients are there already, and ``loss`` may be given for
        rules that step by it. Returns the loss at the parameters.

        With a link at another point (sam) the closure is called twice, so no backward is needed before:
        first at the parameters, then at the other point, with the same random numbers (torch's generators).
        What the second evaluation does to the model's buffers (running statistics) is undone, where a model
        was given. Raises UserError without a closure.
        """
        points = any(chain.points for chain in self._chains)
        if points and closure is None:
            raise UserError(
                f"optimizer {self.expression!r} takes the gradient at a second point: call "
                "optimizer.step(closure) with a closure that zeroes the gradients, evaluates the loss, calls "
                "loss.backward() and returns the loss"
            )
        if any(group.get("evaluating", False) for group in self.param_groups):
            raise UserError(
                f"optimizer {self.expression!r} is in evaluation: call optimizer.train() before the next step"
            )
        if closure is not None:
            with torch.enable_grad(), torch.random.fork_rng(self._devices(), enabled=points):
                loss = closure()
        with torch.no_grad():
            seen = None if loss is None else torch.as_tensor(loss).detach().clone().reshape(())
            if points and closure is not None:
                self._look(closure, seen)
            self._move(seen)
        return loss

    @torch._disable_dynamo
    def _move(self, loss: Tensor | None) -> None:
        for group, chain in zip(self.param_groups, self._chains, strict=True):
            moving = _moving(group)
            for one in moving:
                assert one.grad is not None
                self._watch.look(one.grad)
            chain.move(group, self.state, moving, loss)
        self._watch.ended()

    @torch._disable_dynamo
    def _look(self, closure: Callable[[], Any], loss: Tensor | None) -> None:
        """Gradients at the points where the links want them; parameters and buffers are as before."""
        moved: list[tuple[Tensor, Tensor]] = []
        kept = [(one, one.detach().clone()) for one in self._running]
        for group, chain in zip(self.param_groups, self._chains, strict=True):
            moving = _moving(group)
            for one, point in zip(moving, chain.look(group, self.state, moving, loss), strict=True):
                if point is not one:
                    moved.append((one, point))
                    kept.append((one, one.detach().clone()))
        try:
            for one, point in moved:
                one.copy_(point)
            with torch.enable_grad():
                closure()
        finally:
            for one, before in kept:
                one.copy_(before)

    def _devices(self) -> list[int]:
        """The CUDA devices whose random numbers a closure may draw."""
        return sorted(
            {one.get_device() for group in self.param_groups for one in group["params"] if one.is_cuda}
        )

    @torch.no_grad()
    def eval(self) -> None:
        """The model holds the weights that are evaluated, until ``train()``."""
        for group, chain in zip(self.param_groups, self._chains, strict=True):
            if not chain.reads or group.get("evaluating", False):
                continue
            begun = [one for one in group["params"] if self.state.get(one)]
            for one, read in zip(begun, chain.rule.read(group, self.state, begun), strict=True):
                self.state[one][TRAINED] = one.detach().clone()
                one.copy_(read)
            group["evaluating"] = True

    @torch.no_grad()
    def train(self) -> None:
        """The model holds the weights that are trained, until ``eval()``."""
        for group in self.param_groups:
            for one in group["params"]:
                if TRAINED in self.state.get(one, ()):
                    one.copy_(self.state[one].pop(TRAINED))
            group.pop("evaluating", None)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's, but state keeps the precision it was saved in, whatever the parameter's.

        Raises UserError for a state that another composition has saved.
        """
        own, theirs = (
            [(group.get("chain"), tuple(group.get("roles", ()))) for group in groups]
            for groups in (self.param_groups, state_dict["param_groups"])
        )
        if own != theirs:
            raise UserError(
                f"the loaded state is of {_said(theirs)}, where this optimizer is {_said(own)}: it was saved "
                "by another optimizer"
            )
        last = self.register_load_state_dict_pre_hook(lambda _, given: wrapped(given))
        try:
            super().load_state_dict(state_dict)
        finally:
            last.remove()

    def __getstate__(self) -> dict[str, Any]:
        own = {"expression": self.expression, "_running": self._running, "_complete": True}
        return super().__getstate__() | own

    def __setstate__(self, state: dict[str, Any]) -> None:
        if any(isinstance(one, Kept) for one in state["state"].values()):
            state = state | {"state": unwrapped(state["state"])}
        super().__setstate__(state)
        self._set_up()


def _by_label(optimizer: str, hyper: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Label → hyperparameter → value."""
    labels = {use.label: use for use in uses(optimizer)}
    rules = [label for label, use in labels.items() if use.kind == "optimizer"]
    found: dict[str, dict[str, float]] = {}
    for key, value in hyper.items():
        if key == "lr" and len(rules) > 1:
            said = " or ".join(f"{label}.lr" for label in rules)
            raise UserError(f"optimizer {optimizer} has an lr for each rule; write {said}")
        label, _, field = (f"{rules[0]}.lr" if key == "lr" else key).rpartition(".")
        if label not in labels:
            raise unknown(f"technique in optimizer {optimizer!r} for {key}:", label, labels)
        found.setdefault(label, {})[field] = value
    return found


def _parts(model: nn.Module | Iterable[Any], optimizer: str) -> list[tuple[Any, tuple[str, ...]]]:
    """For each branch its parameters and their roles."""
    named = [role for branch in branches(optimizer) for role in branch.roles]
    if not isinstance(model, nn.Module):
        if named:
            raise UserError(
                f"optimizer {optimizer!r} has a rule for {named[0]}, and roles are those of a model's "
                "parameters: give the model itself, not its parameters"
            )
        return [(model, ())]
    parameters, found = dict(model.named_parameters()), roles(model)
    if not parameters:
        raise UserError("the model has no parameters to optimize")
    return [
        ([parameters[name] for name in names], tuple(dict.fromkeys(found[name] for name in names)))
        for names in dealt(optimizer, found)
    ]


def _moving(group: Mapping[str, Any]) -> list[Tensor]:
    """The parameters with a gradient. Raises TypeError for a sparse one."""
    moving = [one for one in group["params"] if one.grad is not None]
    if any(one.grad.layout is not torch.strided for one in moving):
        raise TypeError(
            f"shoal.optim.{TITLE} cannot take sparse gradients: use Embedding(sparse=False), or SparseAdam"
        )
    return moving


def _said(groups: Iterable[tuple[str | None, tuple[str, ...]]]) -> str:
    return " | ".join(f"{chain or 'another class'} for {', '.join(own) or 'all'}" for chain, own in groups)
