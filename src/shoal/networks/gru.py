"""Layers of gated recurrent units: one for token rows that are filled up, and the user's own nn.GRU."""

import math
from typing import Any

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
        if kept is None:
            kept = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        return _over_rows(x, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh, kept)

    def extra_repr(self) -> str:
        return f"{self.inputs}, {self.hidden}"


def follows(layer: nn.GRU) -> bool:
    """Whether ``OwnGRU`` can take the place of a user's layer: one layer, one direction, rows first."""
    return layer.num_layers == 1 and not layer.bidirectional and layer.batch_first


class OwnGRU(nn.GRU):
    """A user's ``nn.GRU`` that a population trains as one program, with the user's parameters.

    What is given a first state, a packed sequence or a single row is left to torch, member by member.
    """

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def __init__(self, layer: nn.GRU):
        super().__init__(layer.input_size, layer.hidden_size, bias=layer.bias, batch_first=True)
        for name, parameter in layer.named_parameters():
            setattr(self, name, parameter)

    def forward(self, x: Any, hx: Tensor | None = None) -> Any:
        """[rows, length, inputs] → states [rows, length, hidden], the last of them [1, rows, hidden]."""
        if hx is not None or not isinstance(x, Tensor) or x.ndim != 3:
            return super().forward(x, hx)
        kept = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        none = x.new_zeros(3 * self.hidden_size)
        biases = (self.bias_ih_l0, self.bias_hh_l0) if self.bias else (none, none)
        states = _over_rows(x, self.weight_ih_l0, self.weight_hh_l0, *biases, kept)
        return states, states[:, -1][None]


def _over_rows(
    x: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor, kept: Tensor
) -> Tensor:
    """All states [rows, length, hidden] of x [rows, length, inputs]."""
    rows, length, _ = x.shape
    steps = x.transpose(0, 1)  # steps first: every step's numbers lie together
    products = (steps.reshape(length * rows, -1) @ weight_ih.T).view(length, rows, -1)
    return gru(products, weight_hh, bias_ih, bias_hh, kept.T).transpose(0, 1)
