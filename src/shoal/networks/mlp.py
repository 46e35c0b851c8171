"""A multilayer perceptron: equal hidden layers, optional normalization, dropout and residual branches."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from shoal.networks.layers import Activation, Dropout, Normalization, sees_rows_only


class MLP(nn.Module):
    """[rows, *features] → [rows, outputs]: ``depth`` hidden layers of ``width`` units and a linear head.

    A hidden layer is linear → normalization → activation → regularizers. With ``residual`` every hidden layer
    but the first is added to its input. A layer before a normalization over the batch has no bias
    (its gradient would be rounding only).

    activation, normalization (None without) and regularizers, those that act at activations, are (name,
    technique) pairs.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        activation: tuple[str, Any],
        normalization: tuple[str, Any] | None = None,
        regularizers: Sequence[tuple[str, Any]] = (),
        residual: bool = False,
    ):
        super().__init__()
        self.residual = residual
        bias = normalization is None or sees_rows_only(normalization[1])
        self.hidden = nn.ModuleList()
        for layer in range(depth):
            parts: list[nn.Module] = [
                nn.Linear(width if layer else inputs, width, bias=bias),
            ]
            if normalization is not None:
                parts.append(Normalization(*normalization, width))
            parts.append(Activation(*activation))
            for number, one in enumerate(regularizers):
                parts.append(Dropout(*one, site=layer + (number << 16)))
            self.hidden.append(nn.Sequential(*parts))
        self.head = nn.Linear(width if depth else inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for number, layer in enumerate(self.hidden):
            x = x + layer(x) if self.residual and number else layer(x)
        return self.head(x)
