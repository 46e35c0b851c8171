"""Operations whose number may be plain, or a vector that holds one for each parameter's part of the piece.

torch.add, addcmul and addcdiv take plain factors only. Where several small parameters lie in one piece, each
with a factor of its own, the factor is a vector like the piece. torch.where takes five times as long for one
condition as for many.
"""

from typing import Any

import torch
from torch import Tensor


def add(base: Tensor, term: Tensor, *, alpha: Any, out: Tensor | None = None) -> Tensor:
    """base + alpha·term."""
    if isinstance(alpha, Tensor):
        return torch.addcmul(base, term, alpha, out=out)
    return torch.add(base, term, alpha=alpha, out=out)


def addcmul(base: Tensor, one: Tensor, other: Tensor, *, value: Any, out: Tensor | None = None) -> Tensor:
    """base + value·one·other."""
    if isinstance(value, Tensor):
        return torch.addcmul(base, one * other, value, out=out)
    return torch.addcmul(base, one, other, value=value, out=out)


def addcdiv(base: Tensor, one: Tensor, other: Tensor, *, value: Any, out: Tensor | None = None) -> Tensor:
    """base + value·one/other."""
    if isinstance(value, Tensor):
        return torch.addcmul(base, one / other, value, out=out)
    return torch.addcdiv(base, one, other, value=value, out=out)


def where(condition: Tensor, one: Tensor, other: Tensor, *, out: Tensor) -> Tensor:
    """``one`` or ``other``."""
    if condition.ndim:
        return torch.where(condition, one, other, out=out)
    return out.copy_(one if condition else other)


SPREAD = {torch.add: add, torch.addcmul: addcmul, torch.addcdiv: addcdiv, torch.where: where}
