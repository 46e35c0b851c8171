"""Controllers at work: they see validation losses, keep weights, scale lr and stop members.

A stack's ``control`` holds [members, ...] tensors: "state/<field>" of the controller, "lr_scale",
"kept" weights and "kept/<buffer>".
"""

from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from shoal import catalogue
from shoal.population.stack import Stack


def first(controller: Any, stack: Stack) -> dict[str, Tensor]:
    """The control tensors of members that have not been evaluated yet; their first weights are kept."""
    hyper = _controller_hyper(controller, stack)
    state = vmap(lambda h: tuple(controller.init(controller.Hyper(*h))))(hyper)
    named = {
        f"state/{field}": leaf.clone() for field, leaf in zip(controller.State._fields, state, strict=True)
    }
    named["lr_scale"] = torch.ones(len(stack), dtype=torch.float64)
    named["kept"] = stack.flat.clone()
    return named | {f"kept/{name}": value.clone() for name, value in stack.buffers.items()}


def _controller_hyper(controller: Any, stack: Stack) -> tuple[Tensor, ...]:
    name = controller.__name__.rpartition(".")[2]
    own = [catalogue.make_hyper(controller, job.recipe.hyper_of(name)) for job in stack.jobs]
    return tuple(
        torch.tensor([float(getattr(one, field)) for one in own], dtype=torch.float64)
        for field in controller.Hyper._fields
    )


def decide(controller: Any, stack: Stack, losses: Tensor, at_end: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Shows validation losses [members] to the controllers of members ``at_end`` of an epoch.

    Returns the next control tensors, with kept weights, and who stops, bool [members].
    """
    state = tuple(stack.control[f"state/{field}"] for field in controller.State._fields)

    def one(own, loss, hyper):
        after, decision = controller.observe(controller.State(*own), loss, controller.Hyper(*hyper))
        return tuple(after), tuple(decision)

    after, (lr_scale, stop, keep) = vmap(one)(state, losses, _controller_hyper(controller, stack))
    keep = keep & at_end
    named = {
        f"state/{field}": torch.where(at_end, new, old)
        for field, new, old in zip(controller.State._fields, after, state, strict=True)
    }
    named["lr_scale"] = torch.where(at_end, lr_scale.double(), stack.control["lr_scale"])
    held = keep.to(stack.flat.device)
    named["kept"] = torch.where(held[:, None], stack.flat, stack.control["kept"])
    for name, value in stack.buffers.items():
        choose = held.view(-1, *(1,) * (value.ndim - 1))
        named[f"kept/{name}"] = torch.where(choose, value, stack.control[f"kept/{name}"])
    return named, stop & at_end


def kept_buffers(stack: Stack) -> dict[str, Tensor]:
    """The buffers that belong to the kept weights."""
    return {name: stack.control[f"kept/{name}"] for name in stack.buffers}
