"""Multi-head self-attention and the pre-norm transformer of shoal's own layers, in plain matrix products.

    block:      x ← x + attention(norm(x));   x ← x + narrow(activation(wide(norm(x))))
    attention:  softmax(Q Kᵀ / √s + mask) V   for each head of s numbers, then a linear map of all heads

Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762; normalization before each branch and once at
the end: Xiong et al. 2020, On layer normalization in the transformer architecture, arXiv:2002.04745.
Differs from ``torch.nn.TransformerEncoderLayer(norm_first=True)``: the map to queries, keys and values has no
bias (a key's bias changes no weight of attention, so its gradient is pure rounding); regularizers at
activations act at the end of both branches, not on the attention's weights and not inside the perceptron.

Linear maps, normalizations and activations see tokens as rows, [rows · tokens, channels]: a row normalization
is one of each token, one over the batch is over all tokens that are no filling (under a causal mask training
then sees what comes later), and a gated activation halves channels.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from shoal.networks.forward import current, forward
from shoal.networks.layers import (
    Activation,
    Branch,
    Dropout,
    Normalization,
    Scale,
    acts_on_weights,
    leaves_bias,
    maps,
)
from shoal.networks.normalized_weights import linear
from shoal.networks.parts import Pair, Parts
from shoal.networks.written_out import Embedding

WIDER = 4
"""How many times wider than a token the perceptron of a block is."""
_HEAD = 16  # the fewest numbers of a head, where the width has as many
_NEVER = -1e30  # finite: a row of filling only attends to all alike, where -inf would make it NaN
_BRANCHES = 1 << 30  # sites of noise at branches, apart from those at activations


def heads_of(width: int) -> int:
    """The most heads that divide ``width`` into at least 16 numbers each (32 from width 128 on), or one.

    So any width will do; a prime one has a single head.
    """
    most = max(1, width // (_HEAD if width < 8 * _HEAD else 2 * _HEAD))
    return next(heads for heads in range(most, 0, -1) if width % heads == 0)


class Attention(nn.Module):
    """Self-attention of the tokens of each row, [rows · tokens, width] → [rows · tokens, width]."""

    def __init__(self, width: int, tokens: int, normalization: Pair | None, bias: bool):
        super().__init__()
        self.tokens, self.heads = tokens, heads_of(width)
        self.mixed = linear(normalization, width, 3 * width, bias=False)
        self.joined = linear(normalization, width, width, bias)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """mask: which tokens (last dimension) each token sees, to be broadcast to [rows, heads, tokens,
        tokens]; None for all."""
        width = x.shape[1]
        size = width // self.heads
        split = self.mixed(x).reshape(-1, self.tokens, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)
        score = (query @ key.transpose(-1, -2)) / math.sqrt(size)
        if mask is not None:
            score = torch.where(mask, score, _NEVER)
        seen = torch.softmax(score, -1) @ value
        return self.joined(seen.transpose(1, 2).reshape(-1, width))


class Block(nn.Module):
    """Attention and a perceptron as residual branches, [rows, tokens, width] → [rows, tokens, width]."""

    def __init__(self, parts: Parts, tokens: int, layer: int):
        super().__init__()
        width, kind = parts.width, parts.normalization
        bias = kind is None or leaves_bias(kind[1])
        self.first, self.second = normalized(kind, width), normalized(kind, width)
        self.attention = Attention(width, tokens, kind, bias)
        self.perceptron = nn.Sequential(
            linear(kind, width, WIDER * width * maps(parts.activation[1]), bias=True),
            Activation(*parts.activation),
            linear(kind, WIDER * width, width, bias),
        )
        self.after_attention = _end(parts, 2 * layer)
        self.after_perceptron = _end(parts, 2 * layer + 1)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        made = self.attention(self.first(x.flatten(0, 1)), mask)
        x = x + self.after_attention(made.reshape(x.shape))
        made = self.perceptron(self.second(x.flatten(0, 1)))
        return x + self.after_perceptron(made.reshape(x.shape))


def normalized(normalization: Pair | None, width: int) -> nn.Module:
    """The layer of a normalization; nothing where there is none or it acts on weights."""
    if normalization is None or acts_on_weights(normalization[1]):
        return nn.Identity()
    return Normalization(*normalization, width)


def _end(parts: Parts, branch: int) -> nn.Sequential:
    """What a residual branch ends with: regularizers at activations and branches, a learned scale."""
    made: list[nn.Module] = [
        Dropout(*one, site=branch + (number << 16)) for number, one in enumerate(parts.regularizers)
    ]
    share = (branch // 2 + 1) / parts.depth
    for number, one in enumerate(parts.branches):
        made.append(Branch(*one, _BRANCHES + branch + (number << 16), share))
    return nn.Sequential(*made, *([Scale()] if parts.scaled else []))


class Transformer(nn.Module):
    """Learned positions, ``depth`` blocks and a last normalization; [rows, tokens, width] → the same shape.

    causal: whether a token sees only itself and those before it.
    """

    def __init__(self, parts: Parts, tokens: int, causal: bool = False):
        super().__init__()
        self.causal = causal
        self.positions = Embedding(nn.Embedding(tokens, parts.width))
        self.blocks = nn.ModuleList(Block(parts, tokens, layer) for layer in range(parts.depth))
        self.last = normalized(parts.normalization, parts.width)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """real: [rows, tokens], false for filling, which no token sees; None where there is none."""
        x = x + self.positions.weight
        mask = None if real is None else real[:, None, None, :]
        if self.causal:
            place = torch.arange(x.shape[1], device=x.device)
            before = place[:, None] >= place
            mask = before if mask is None else before & mask
        with _tokens_as_rows(x, real):
            for block in self.blocks:
                x = block(x, mask)
            return self.last(x.flatten(0, 1)).reshape(x.shape)


@contextmanager
def _tokens_as_rows(x: Tensor, real: Tensor | None) -> Iterator[None]:
    """Inside, layers are told the weight of each token, [rows · tokens], in place of each row's."""
    now = current()
    if now is None:
        yield
        return
    weight = x.new_ones(x.shape[:2]) if real is None else real.to(x.dtype)
    if now.weight is not None:
        weight = weight * now.weight[:, None]
    with forward(now._replace(weight=weight.flatten())):
        yield
