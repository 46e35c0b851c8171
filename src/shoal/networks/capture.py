"""What goes into the layers of a network, caught while it is called.

Works under ``vmap`` and ``functional_call``: what is caught is what the layer was given, for one member or
for all. Layer-wise curvature, initialization by data and the diagnosis of dead units need it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def layer_inputs(network: nn.Module, kinds: tuple[type[nn.Module], ...]) -> Iterator[dict[str, Tensor]]:
    """Inside, every call of the network puts the input of each layer of ``kinds`` under the layer's name."""
    caught: dict[str, Tensor] = {}

    def hook(name: str):
        def keep(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            caught[name] = inputs[0]

        return keep

    handles = [
        layer.register_forward_pre_hook(hook(name))
        for name, layer in network.named_modules()
        if isinstance(layer, kinds)
    ]
    try:
        yield caught
    finally:
        for handle in handles:
            handle.remove()
