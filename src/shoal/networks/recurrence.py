"""The recurrence of gated recurrent units as one operator for many members, which a trace holds as one node.

torch.nn.GRU has no rule for vmap, and a trace of it has a node for each gate of each step. So the steps
stand in operators of our own, ``shoal_networks::gru`` and ``shoal_networks::gru_backward``; what has no
recurrence, the product of all inputs with their weights, is left outside. Here they are written with torch's
operations, for every type and device; in compiled packages those of population/gru.cpp take their place.
"""

from typing import Any

import torch
from torch import Tensor

from shoal.techniques.numerics.member_operators import Operator, define


def gru(inputs: Tensor, weight: Tensor, bias_ih: Tensor, bias_hh: Tensor, kept: Tensor) -> Tensor:
    """The states [length, rows, hidden] after every step, of one member, from a state of zeros.

        r, z = σ(a_r + b_r), σ(a_z + b_z)    n = tanh(a_n + r b_n)    h ← (1-z) n + z h
        a = inputs + bias_ih                 b = weight h + bias_hh

    inputs [length, rows, 3 hidden] are the products of the inputs with their weights; gates stand in the
    order r, z, n. kept [length, rows], bool: where it is False the state stays as it is.
    Cho et al. 2014, arXiv:1406.1078, in the form of torch.nn.GRU (r acts behind the product). Can be
    differentiated once. Raises ValueError where shapes do not fit.
    """
    length, rows, hidden = *inputs.shape[:2], weight.shape[1]
    wanted = ((length, rows, 3 * hidden), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,), (length, rows))
    given = (inputs.shape, weight.shape, bias_ih.shape, bias_hh.shape, kept.shape)
    if given != wanted:
        raise ValueError(f"shapes of a recurrence do not fit: {[tuple(one) for one in given]}")
    one = (inputs[None], weight[None], bias_ih[None], bias_hh[None], kept[None])
    return _Recurrence.apply(*one)[0].squeeze(0)


class _Recurrence(torch.autograd.Function):
    """Operators with a leading dimension of members, differentiated by hand."""

    generate_vmap_rule = True

    @staticmethod
    def forward(*given: Tensor) -> Any:
        return torch.ops.shoal_networks.gru(*given)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, weight, _, _, kept = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*output, weight, kept)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Any) -> Any:
        return (*torch.ops.shoal_networks.gru_backward(gradient, *ctx.saved_tensors), None)


def _forward(inputs: Tensor, weight: Tensor, bias_ih: Tensor, bias_hh: Tensor, kept: Tensor) -> Any:
    """States [members, length, rows, hidden], and for the way back r, z, n, b_n [..., 4 hidden]."""
    members, length, rows, _ = inputs.shape
    state = inputs.new_zeros(members, rows, weight.shape[2])
    states, gates = [], []
    for step in range(length):
        a_r, a_z, a_n = (inputs[:, step] + bias_ih[:, None]).chunk(3, -1)
        b_r, b_z, b_n = torch.baddbmm(bias_hh[:, None], state, weight.mT).chunk(3, -1)
        r, z = torch.sigmoid(a_r + b_r), torch.sigmoid(a_z + b_z)
        n = torch.tanh(a_n + r * b_n)
        state = torch.where(kept[:, step, :, None], n + z * (state - n), state)
        states.append(state)
        gates.append(torch.cat([r, z, n, b_n], -1))
    return torch.stack(states, 1), torch.stack(gates, 1)


def _backward(gradient: Tensor, states: Tensor, gates: Tensor, weight: Tensor, kept: Tensor) -> Any:
    """Gradients by inputs, weight, bias_ih and bias_hh, from that by the states."""
    before = torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], 1)
    by_a, by_b = [], []
    flowing = torch.zeros_like(states[:, 0])
    for step in reversed(range(states.shape[1])):
        r, z, n, b_n = gates[:, step].chunk(4, -1)
        flowing = flowing + gradient[:, step]
        counts = kept[:, step, :, None]
        to_new = torch.where(counts, flowing, 0)
        by_n = to_new * (1 - z) * (1 - n * n)
        by_z = to_new * (before[:, step] - n) * z * (1 - z)
        by_r = by_n * b_n * r * (1 - r)
        by_a.append(torch.cat([by_r, by_z, by_n], -1))
        by_b.append(torch.cat([by_r, by_z, by_n * r], -1))
        flowing = torch.where(counts, flowing * z, flowing) + by_b[-1] @ weight
    by_inputs, by_product = torch.stack(by_a[::-1], 1), torch.stack(by_b[::-1], 1)
    by_weight = by_product.flatten(1, 2).mT @ before.flatten(1, 2)
    return by_inputs, by_weight, by_inputs.sum((1, 2)), by_product.sum((1, 2))


def _forward_shapes(inputs: Tensor, weight: Tensor, *_: Tensor) -> tuple[Tensor, Tensor]:
    sizes, hidden = inputs.shape[:3], weight.shape[2]
    return inputs.new_empty(*sizes, hidden), inputs.new_empty(*sizes, 4 * hidden)


def _backward_shapes(_: Tensor, states: Tensor, gates: Tensor, weight: Tensor, kept: Tensor) -> Any:
    sizes = (3 * weight.shape[2],)
    by_bias = [states.new_empty(weight.shape[0], *sizes) for _ in range(2)]
    return states.new_empty(*states.shape[:3], *sizes), weight.new_empty(weight.shape), *by_bias


OPERATORS = {
    "gru": Operator(
        "(Tensor inputs, Tensor weight, Tensor bias_ih, Tensor bias_hh, Tensor kept) -> (Tensor, Tensor)",
        _forward,
        _forward_shapes,
    ),
    "gru_backward": Operator(
        "(Tensor gradient, Tensor states, Tensor gates, Tensor weight, Tensor kept)"
        " -> (Tensor, Tensor, Tensor, Tensor)",
        _backward,
        _backward_shapes,
    ),
}
"""By name. All tensors have a leading dimension of members."""

_library = define("shoal_networks", OPERATORS)
