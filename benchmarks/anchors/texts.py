"""What people write for texts: torch's own recurrent layer and transformer between an embedding and a head.

Token rows are of one length, without filling, so nothing is masked or packed.
"""

from typing import Any

import torch
from torch import Tensor, nn


class GRU(nn.Module):
    """The last state of ``nn.GRU``, [rows, length] → [rows, classes]."""

    def __init__(self, vocabulary: int, width: int, depth: int, classes: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.recurrent = nn.GRU(width, width, depth, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(self.embedding(x))[0][:, -1])


class Transformer(nn.Module):
    """The mean of ``nn.TransformerEncoder`` with normalization first and learned positions, [rows, length] →
    [rows, classes]: heads of 16 numbers, four times wider inside, GELU, no dropout."""

    def __init__(self, vocabulary: int, length: int, width: int, depth: int, classes: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(
            width, width // 16, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.embedding(x) + self.positions).mean(1))


def network(workload: dict[str, Any]) -> nn.Module:
    """The network of a shape with a vocabulary."""
    vocabulary, (length,), classes = workload["vocabulary"], workload["features"], workload["classes"]
    width, depth = workload["hidden"][0], len(workload["hidden"])
    if workload["network"] == "text_gru":
        return GRU(vocabulary, width, depth, classes)
    return Transformer(vocabulary, length, width, depth, classes)
