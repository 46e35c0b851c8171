"""Sparse gradients, as of ``nn.Embedding(sparse=True)``: a step of the rows that the batch touched.

That is exact for the rules that leave alone what has gradient 0, its state too (SGD, Adagrad, lazy Adam);
which ones do is found by asking them. The others raise TypeError.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from shoal.optim.shown import Shown
from shoal.optim.walks import numbers
from shoal.techniques.kinds import Seen


@cache
@torch.no_grad()
def leaves_alone(rule: Any) -> bool:
    """Whether a gradient of 0 changes neither the parameter nor what the rule keeps of it."""
    if rule.CARD.scope != "element":
        return False
    parameter, hyper = torch.tensor([0.7, -1.3]), rule.Hyper()
    if "weight_decay" in rule.Hyper._fields:
        hyper = hyper._replace(weight_decay=0.1)
    key = torch.zeros((), dtype=torch.int64)
    state = rule.init(parameter, hyper)
    for gradient in (torch.tensor([0.3, 0.2]), torch.tensor([-0.5, 0.4])):  # a state that is not the first
        _, state = rule.update(Seen(gradient, torch.ones(()), key), state, parameter, hyper)
    change, after = rule.update(Seen(torch.zeros(2), torch.ones(()), key), state, parameter, hyper)
    kept = [(old, new) for old, new in zip(state, after, strict=True) if old.ndim]
    return not change.any() and all(torch.equal(old, new) for old, new in kept)


def step(
    rule: Any, parameter: Tensor, own: dict[str, Any], hyper: Any, loss: Tensor | None, title: str
) -> None:
    """One step of the rows of ``parameter`` that its gradient holds, and of their state in ``own``."""
    assert parameter.grad is not None
    gradient = parameter.grad.coalesce()
    rows, values = tuple(gradient.indices()), gradient.values()
    single = numbers(rule)
    taken = {name: own[name] if name in single else own[name][rows] for name in rule.State._fields}
    change, after = rule.update(
        Shown(values, loss, title), rule.State(**taken), parameter.detach()[rows], hyper
    )
    parameter.index_put_(rows, change.to(parameter.dtype), accumulate=True)
    for name, new in after._asdict().items():
        if name in single:
            own[name] = new.clone()
        else:
            own[name].index_put_(rows, new.to(own[name].dtype))
