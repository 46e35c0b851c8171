"""A layer of gated recurrent units for token rows that are filled up."""

import math

import torch
from torch import Tensor, nn

from shoal.networks.recurrence import gru


class GRU(nn.Module):
    """``torch.nn.GRU`` of one layer and one direction, from a state of zeros: [rows, length, inputs] and kept
    [rows, length] → the states [rows, length, hidden].

    kept: False where a row is filled up. The state stays there what it was, so the last state of a row is
    that of its last token, wherever the filling stands. None: every place counts.
    Parameters are those of ``torch.nn.GRUCell``: weight_ih [3 hidden, inputs], weight_hh [3 hidden, hidden],
    bias_ih and bias_hh [3 hidden], gates in the order r, z, n, and drawn like there.
    """

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.inputs, self.hidden = inputs, hidden
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden, inputs))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden, hidden))
        self.bias_ih = nn.Parameter(torch.empty(3 * hidden))
        self.bias_hh = nn.Parameter(torch.empty(3 * hidden))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / math.sqrt(hidden), 1 / math.sqrt(hidden))

    def forward(self, x: Tensor, kept: Tensor | None = None) -> Tensor:
        rows, length, _ = x.shape
        if kept is None:
            kept = torch.ones(rows, length, dtype=torch.bool, device=x.device)
        steps = x.transpose(0, 1)  # steps first: every step's numbers lie together
        products = (steps.reshape(length * rows, -1) @ self.weight_ih.T).view(length, rows, -1)
        states = gru(products, self.weight_hh, self.bias_ih, self.bias_hh, kept.T)
        return states.transpose(0, 1)

    def extra_repr(self) -> str:
        return f"{self.inputs}, {self.hidden}"
