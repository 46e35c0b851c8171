"""torch's layers whose vmapped gradient cannot be traced for any number of members, written out.

The trace takes the example's sizes for constants there; the formulas trace. Parameters stay the user's own.
"""

import math

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    """``nn.GELU``: x·Φ(x), exact or by its tanh approximation; [*shape] → [*shape]."""

    def __init__(self, layer: nn.GELU):
        super().__init__()
        self.approximate = layer.approximate

    def forward(self, x: Tensor) -> Tensor:
        if self.approximate == "tanh":
            return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
        return x * (1 + torch.erf(x * math.sqrt(0.5))) / 2


class Embedding(nn.Module):
    """``nn.Embedding``: a row of ``weight`` for each whole number, [*shape] → [*shape, embedding_dim].

    The row ``padding_idx`` is not trained. Gradients are dense, whatever the layer says.
    """

    def __init__(self, layer: nn.Embedding):
        super().__init__()
        self.num_embeddings, self.embedding_dim = layer.num_embeddings, layer.embedding_dim
        self.weight, self.padding_idx = layer.weight, layer.padding_idx

    def forward(self, ids: Tensor) -> Tensor:
        rows = self.weight[ids]
        if self.padding_idx is None:
            return rows
        return torch.where((ids == self.padding_idx)[..., None], rows.detach(), rows)


class LayerNorm(nn.Module):
    """``nn.LayerNorm``: mean 0 and variance 1 over the last dimensions, then scale and shift."""

    def __init__(self, layer: nn.LayerNorm):
        super().__init__()
        self.over = tuple(range(-len(layer.normalized_shape), 0))
        self.eps, self.weight, self.bias = layer.eps, layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        centered = x - x.mean(self.over, keepdim=True)
        x = centered * (centered.square().mean(self.over, keepdim=True) + self.eps).rsqrt()
        if self.weight is not None:
            x = x * self.weight
        return x if self.bias is None else x + self.bias


class GroupNorm(nn.Module):
    """``nn.GroupNorm``, [rows, channels, *]: mean 0 and variance 1 over each group, then scale and shift."""

    def __init__(self, layer: nn.GroupNorm):
        super().__init__()
        self.groups, self.eps, self.weight, self.bias = layer.num_groups, layer.eps, layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        parts = x.reshape(x.shape[0], self.groups, -1)
        centered = parts - parts.mean(-1, keepdim=True)
        y = (centered * (centered.square().mean(-1, keepdim=True) + self.eps).rsqrt()).view(x.shape)
        channel = (-1,) + (1,) * (x.ndim - 2)
        if self.weight is not None:
            y = y * self.weight.view(channel)
        return y if self.bias is None else y + self.bias.view(channel)
