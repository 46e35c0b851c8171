"""Batch normalization of images with its scale and shift as one operator, and its way back as another.

Written out, a step reads and writes an image's numbers some ten times; torch's own kernels do it in two or
three, and are faster still where channels lie last in memory. They know no rows that do not count, so a short
batch takes the formulas. In a trace each operator is one node; ``FORMULAS`` says what it stands for.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from shoal.techniques.numerics.member_operators import Operator, define


def normalized(
    x: Tensor, weight: Tensor, scale: Tensor, shift: Tensor, eps: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """(x - m) / √(v + ε) · scale + shift of one member's x [rows, channels, *positions]; m and v [channels].

    m, v: mean and biased variance over the rows that count and all positions, without gradient; 0 where no
    row counts. weight [rows]: 1 for a row that counts, else 0. scale, shift [channels], eps []. Can be
    differentiated once, by x, scale and shift.
    """
    y, mean, var, _ = _Normalize.apply(*(one[None] for one in (x, weight, scale, shift, eps)))
    return y.squeeze(0), mean.squeeze(0), var.squeeze(0)


class _Normalize(torch.autograd.Function):
    """Operators with a leading dimension of members, differentiated by hand."""

    generate_vmap_rule = True

    @staticmethod
    def forward(*given: Tensor) -> Any:
        return torch.ops.shoal_techniques.channel_norm(*given)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        x, weight, scale, _, eps = inputs
        _, mean, var, rstd = output
        ctx.mark_non_differentiable(mean, var, rstd)
        ctx.save_for_backward(x, weight, scale, mean, rstd, eps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> Any:
        by_x, by_scale, by_shift = torch.ops.shoal_techniques.channel_norm_backward(
            gradient, *ctx.saved_tensors
        )
        return by_x, None, by_scale, by_shift, None


def _over(x: Tensor) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Of x [members, rows, channels, *]: the dimensions that statistics go over, and the shapes that numbers
    of one a channel and of one a row are seen in."""
    ones = (1,) * (x.ndim - 3)
    return (1, *range(3, x.ndim)), (x.shape[0], 1, x.shape[2], *ones), (*x.shape[:2], 1, *ones)


def _some(x: Tensor, weight: Tensor) -> Tensor:
    """How many numbers of a channel count, [members, 1], at least 1."""
    return (weight.sum(1, keepdim=True) * x[0, 0, 0].numel()).clamp(min=1)


def _formula(x: Tensor, weight: Tensor, scale: Tensor, shift: Tensor, eps: Tensor) -> Any:
    """y [members, rows, channels, *], mean, variance and 1/√(v + ε) [members, channels]."""
    over, channel, row = _over(x)
    share, some = weight.view(row), _some(x, weight)
    mean = (share * x).sum(over) / some
    centered = x - mean.view(channel)
    var = (share * centered**2).sum(over) / some
    rstd = (var + eps[:, None]).rsqrt()
    return centered * (rstd * scale).view(channel) + shift.view(channel), mean, var, rstd


def _formula_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, scale: Tensor, mean: Tensor, rstd: Tensor, eps: Tensor
) -> Any:
    """Gradients by x, scale and shift from that by y."""
    over, channel, row = _over(x)
    straight = (x - mean.view(channel)) * rstd.view(channel)
    by_shift, by_scale = gradient.sum(over), (gradient * straight).sum(over)
    some = _some(x, weight)
    mean_shift, mean_scale = (by_shift / some).view(channel), (by_scale / some).view(channel)
    through = weight.view(row) * (mean_shift + straight * mean_scale)
    return (gradient - through) * (rstd * scale).view(channel), by_scale, by_shift


FORMULAS: dict[str, Callable[..., Any]] = {
    "channel_norm": _formula,
    "channel_norm_backward": _formula_backward,
}
"""What each operator computes, by torch's operations; all tensors have a leading dimension of members."""


def _all_count(x: Tensor, weight: Tensor) -> bool:
    """Whether torch's kernels may do it: all rows of x [rows, channels, *] count, and there is a variance."""
    return bool((weight == 1).all()) and x.numel() > x.shape[1]


def _forward(x: Tensor, *rest: Tensor) -> Any:
    made = [_member(*one) for one in zip(x, *rest, strict=True)]
    first, *others = (_joined(values) for values in zip(*made, strict=True))
    return _like(first, x), *others


def _backward(gradient: Tensor, x: Tensor, *rest: Tensor) -> Any:
    made = [_member_backward(*one) for one in zip(gradient, x, *rest, strict=True)]
    first, *others = (_joined(values) for values in zip(*made, strict=True))
    return _like(first, x), *others


def _member(x: Tensor, weight: Tensor, scale: Tensor, shift: Tensor, eps: Tensor) -> Any:
    if not _all_count(x, weight):
        return [one[0] for one in _formula(x[None], weight[None], scale[None], shift[None], eps[None])]
    # with momentum 1 what is running afterwards is the batch's: its mean, and its unbiased variance
    mean, var = torch.zeros_like(scale), torch.zeros_like(scale)
    y, _, rstd = torch.native_batch_norm(x, scale, shift, mean, var, True, 1.0, float(eps))
    count = x.numel() // x.shape[1]
    return y, mean, var * ((count - 1) / count), rstd


def _member_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, scale: Tensor, mean: Tensor, rstd: Tensor, eps: Tensor
) -> Any:
    if not _all_count(x, weight):
        given = (gradient, x, weight, scale, mean, rstd, eps)
        return [one[0] for one in _formula_backward(*(one[None] for one in given))]
    kept = (scale, None, None, mean, rstd, True, float(eps), [True] * 3)
    return torch.ops.aten.native_batch_norm_backward(gradient, x, *kept)


def _joined(values: tuple[Tensor, ...]) -> Tensor:
    return values[0].unsqueeze(0) if len(values) == 1 else torch.stack(values)


def _like(value: Tensor, x: Tensor) -> Tensor:
    """``value`` with x's order in memory, as ``_shapes`` promises."""
    return value if value.stride() == x.stride() else torch.empty_like(x).copy_(value)


def _shapes(x: Tensor, weight: Tensor, scale: Tensor, *_: Tensor) -> Any:
    return torch.empty_like(x), *(scale.new_empty(scale.shape) for _ in range(3))


def _backward_shapes(_: Tensor, x: Tensor, weight: Tensor, scale: Tensor, *__: Tensor) -> Any:
    return torch.empty_like(x), *(scale.new_empty(scale.shape) for _ in range(2))


_library = define(
    "shoal_techniques",
    {
        "channel_norm": Operator(
            "(Tensor x, Tensor weight, Tensor scale, Tensor shift, Tensor eps)"
            " -> (Tensor, Tensor, Tensor, Tensor)",
            _forward,
            _shapes,
        ),
        "channel_norm_backward": Operator(
            "(Tensor gradient, Tensor x, Tensor weight, Tensor scale, Tensor mean, Tensor rstd, Tensor eps)"
            " -> (Tensor, Tensor, Tensor)",
            _backward,
            _backward_shapes,
        ),
    },
)
