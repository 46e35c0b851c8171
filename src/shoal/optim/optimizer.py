"""The class behind every class of ``shoal.optim``: a torch.optim.Optimizer stepping by a technique's rule."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from shoal import catalogue
from shoal.errors import UserError
from shoal.optim import keywords, pieces, program, sparse, walks
from shoal.optim.saving import Kept, checked, unwrapped, wrapped
from shoal.optim.watch import Watch


class RuleOptimizer(torch.optim.Optimizer):
    """Steps by the rule of the technique ``rule``; ``title`` is the class's name.

    ``optimizer.state[p]`` holds the rule's State by its field names, in float32 or wider. Hyperparameters are
    read from the parameter groups at each step. Parameters without gradient are skipped.
    """

    title: ClassVar[str] = ""
    rule: ClassVar[str] = ""

    def __init__(self, *args: Any, **given: Any):
        taken = keywords.signature(self.title, self.rule)
        for name in given:
            if name not in taken.parameters:
                raise keywords.unknown_keyword(self.title, name, list(taken.parameters))
        bound = taken.bind(*args, **given)
        bound.apply_defaults()
        values = dict(bound.arguments)
        parameters = values.pop("params")
        keywords.check(self.title, self.rule, values)
        needs = catalogue.find("optimizer", self.rule).CARD.needs
        if needs:
            raise UserError(
                f"shoal.optim.{self.title} needs {', '.join(needs)}, which a training loop does not give"
            )
        self._forget()
        super().__init__(parameters, values)

    def _forget(self) -> None:
        """No walks are known: they are made at the next step."""
        self._walks: dict[int, _Walks] = {}
        self._scratch = pieces.Scratch()
        self._watch = Watch(self.title)

    @torch._disable_dynamo
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As torch's; raises ValueError or TypeError for a value or parameter that the rule cannot go by."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            keywords.check(self.title, self.rule, group)
            for one in group["params"]:
                keywords.check_parameter(self.title, one)
        except (ValueError, TypeError):
            self.param_groups.pop()
            raise

    def step(self, closure: Callable[[], Any] | None = None, *, loss: Any = None) -> Any:
        """One step. ``closure`` computes the loss and its gradients again and returns the loss; rules that
        step by the loss (Polyak's step size) take it from there or from ``loss``. Returns the loss."""
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            self._step(None if loss is None else torch.as_tensor(loss).detach().reshape(()))
        return loss

    @torch._disable_dynamo
    def _step(self, loss: Tensor | None) -> None:
        """A step is a program already, so torch.compile of a training step leaves it as it is."""
        todo = [self._stepping(group) for group in self.param_groups]
        for index, (group, (dense, rows)) in enumerate(zip(self.param_groups, todo, strict=True)):
            rule = keywords.chosen(self.title, self.rule, group)
            for one in rows:
                hyper = keywords.hyper(rule, group, one.dtype)
                self._start(rule, [one], hyper)
                sparse.step(rule, one, self.state[one], hyper, loss, self.title)
            if not dense:
                continue
            hyper = keywords.hyper(rule, group, dense[0].dtype)
            known = self._walks.get(index)
            decays = bool(getattr(hyper, "weight_decay", 0.0))
            if known is None or not known.fit(rule, decays, dense, self.state):
                self._start(rule, dense, hyper)
                known = self._walks[index] = _Walks(rule, decays, dense, self.state, self._scratch)
            for walk in known.walks:
                walk.step(hyper, loss, self.title, self._watch.look)
        self._watch.ended()

    def _stepping(self, group: dict[str, Any]) -> tuple[list[Tensor], list[Tensor]]:
        """The parameters with a dense and with a sparse gradient; TypeError if the rule has no use for it."""
        dense: list[Tensor] = []
        rows: list[Tensor] = []
        for one in group["params"]:
            gradient = one.grad
            if gradient is not None:
                (dense if gradient.layout is torch.strided else rows).append(one)
        if rows and not sparse.leaves_alone(keywords.chosen(self.title, self.rule, group)):
            raise TypeError(
                f"shoal.optim.{self.title}, as it is set, moves what has gradient 0 too, so it cannot take "
                "sparse gradients: use SGD without momentum and decay, Adagrad or SparseAdam, or "
                "Embedding(sparse=False)"
            )
        return dense, rows

    def _start(self, rule: Any, parameters: Sequence[Tensor], hyper: Any) -> None:
        """The state before the first step, for those that have none."""
        fresh = [one for one in parameters if not self.state.get(one)]
        if not fresh:
            return
        if rule.CARD.scope == "member":
            begun: dict[str, Tensor] = next(
                (self.state[one] for one in parameters if self.state.get(one)), {}
            )
            leaves = rule.init(walks.joined(fresh), hyper)._asdict()
            leaves |= {name: begun[name] for name in walks.numbers(rule) if begun}
            self._deal(fresh, leaves)
            return
        for one in fresh:
            seen = one.detach() if rule.CARD.scope == "tensor" else one.detach().reshape(-1)
            leaves = rule.init(seen, hyper)._asdict()
            if rule.CARD.scope == "tensor":
                self.state[one].update((name, leaf.clone()) for name, leaf in leaves.items())
            else:
                self._deal([one], leaves)

    def _deal(self, parameters: Sequence[Tensor], leaves: dict[str, Tensor]) -> None:
        """The state of one vector of parameters, each its part, numbers to all."""
        sizes = [one.numel() for one in parameters]
        for name, leaf in leaves.items():
            parts = leaf.split(sizes) if leaf.ndim else [leaf] * len(sizes)
            for one, part in zip(parameters, parts, strict=True):
                self.state[one][name] = part.reshape(one.shape if leaf.ndim else ()).clone()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's, but state keeps the precision it was saved in, whatever the parameter's.

        Raises ValueError for a state that another rule has saved.
        """
        last = self.register_load_state_dict_pre_hook(lambda _, given: wrapped(given))
        try:
            super().load_state_dict(state_dict)
        finally:
            last.remove()

    def __setstate__(self, state: dict[str, Any]) -> None:
        if any(isinstance(one, Kept) for one in state["state"].values()):
            state = state | {"state": unwrapped(state["state"])}
            for group in state["param_groups"]:
                rule = keywords.chosen(self.title, self.rule, group)
                checked(self.title, rule, [state["state"].get(one) for one in group["params"]])
        super().__setstate__(state)
        self._forget()


class _Walks:
    """The walks of one parameter group, and what they stand on."""

    def __init__(
        self, rule: Any, decays: bool, parameters: list[Tensor], state: Any, scratch: pieces.Scratch
    ):
        self.key = (rule, decays, tuple(map(id, parameters)))
        self.walks: list[walks.Walk] = []
        apart = rule.CARD.scope == "tensor"
        for part, dtype in _together(rule, parameters, state):
            states = [state[one] for one in part]
            here = part[0].device.type == "cpu"
            written = program.compiled(rule, dtype, decays) if here and dtype is not None else None
            if written is not None and dtype is not None:
                self.walks.append(walks.ProgramWalk(written, part, states, dtype, scratch, apart))
            else:
                self.walks.append(walks.PlainWalk(rule, part, states, not apart))
        fields = rule.State._fields
        kept = parameters if fields else []
        self.owned = [(one, state[one], [state[one][name] for name in fields]) for one in kept]
        self.fields = fields

    def fit(self, rule: Any, decays: bool, parameters: list[Tensor], state: Any) -> bool:
        """Whether the same parameters still have the same states."""
        if self.key != (rule, decays, tuple(map(id, parameters))):
            return False
        for one, own, leaves in self.owned:
            if state.get(one) is not own:
                return False
            for name, leaf in zip(self.fields, leaves, strict=True):
                if own.get(name) is not leaf:
                    return False
        return True


def _together(
    rule: Any, parameters: list[Tensor], state: Any
) -> list[tuple[list[Tensor], torch.dtype | None]]:
    """Lists of parameters that one walk takes, with the dtype of their program."""
    dtypes = [torch.promote_types(one.dtype, torch.float32) for one in parameters]
    if rule.CARD.scope == "tensor" and not walks.is_flat(rule):
        return [([one], None) for one in parameters]
    if rule.CARD.scope == "member":
        return [(parameters, dtypes[0] if len(set(dtypes)) == 1 else None)]
    single = () if rule.CARD.scope == "tensor" else walks.numbers(rule)
    parts: dict[Any, list[Tensor]] = {}
    for one, dtype in zip(parameters, dtypes, strict=True):
        alike = (one.device, dtype, *(float(state[one][name]) for name in single))
        parts.setdefault(alike, []).append(one)
    return [(part, alike[1]) for alike, part in parts.items()]
