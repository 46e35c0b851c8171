"""A narrow network's numbers in the corners of a wide one's tensors, zeros elsewhere."""

import torch
from torch import Tensor

from shoal.population.template import Template


def pad(small: Template, large: Template, flat: Tensor) -> Tensor:
    """flat [parameters] of a narrow network among zeros of a wide one's."""
    pieces = []
    for one, shape in zip(small.views(flat[None]), large.shapes.values(), strict=True):
        pieces.append(_corner(one[0], shape).reshape(-1))
    return torch.cat(pieces)


def padded_draw(
    small: Template, large: Template, flat: Tensor, buffers: dict[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """What ``initial`` gave for a narrow network, as a wide one's."""
    wide = {name: _corner(value, large.buffers[name].shape) for name, value in buffers.items()}
    return pad(small, large, flat), wide


def _corner(value: Tensor, shape: torch.Size) -> Tensor:
    whole = value.new_zeros(shape)
    whole[tuple(slice(size) for size in value.shape)] = value
    return whole
