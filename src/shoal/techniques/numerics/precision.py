"""In which precision a technique keeps its state."""

import torch
from jaxtyping import Float
from torch import Tensor


def zeros(parameter: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Zero state [*shape] for one parameter [*shape]: in its own dtype, but never narrower than float32.

    Running means and squares move by less than a bfloat16 can show, so they would stand still in it.
    """
    return torch.zeros_like(parameter, dtype=torch.promote_types(parameter.dtype, torch.float32))
