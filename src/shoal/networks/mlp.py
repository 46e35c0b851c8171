"""A multilayer perceptron: equal hidden layers, optional normalization, dropout and residual branches."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

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
from shoal.networks.parts import Parts

SUMMARY = "multilayer perceptron: equal hidden layers, also with residual branches"
INPUTS = "numbers"
FIELDS = ("width", "depth", "residual", "activation", "normalization")
BRANCHES = "residual"

_BRANCHES = 1 << 30  # sites of noise at branches, apart from those at activations


class MLP(nn.Module):
    """[rows, *features] → [rows, outputs]: ``depth`` hidden layers of ``width`` units and a linear head.

    A hidden layer is linear → normalization → activation → regularizers. With ``residual`` every hidden layer
    but the first is added to its input, with ``scaled`` times a number that is learned. A layer before a
    normalization over the batch has no bias (its gradient would be rounding only). One before a gated
    activation has 2·width outputs.

    activation, normalization (None without), regularizers, those that act at activations, and branches, those
    that act at residual branches, are (name, technique) pairs.
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
        branches: Sequence[tuple[str, Any]] = (),
        residual: bool = False,
        scaled: bool = False,
    ):
        super().__init__()
        self.residual = residual
        bias = normalization is None or leaves_bias(normalization[1])
        mapped = width * maps(activation[1])
        self.hidden = nn.ModuleList()
        for layer in range(depth):
            parts: list[nn.Module] = [
                linear(normalization, width if layer else inputs, mapped, bias),
            ]
            if normalization is not None and not acts_on_weights(normalization[1]):
                parts.append(Normalization(*normalization, mapped))
            parts.append(Activation(*activation))
            for number, one in enumerate(regularizers):
                parts.append(Dropout(*one, site=layer + (number << 16)))
            for number, one in enumerate(branches if residual and layer else ()):
                site = _BRANCHES + layer + (number << 16)
                parts.append(Branch(*one, site, share=layer / (depth - 1)))
            if residual and scaled and layer:
                parts.append(Scale())
            self.hidden.append(nn.Sequential(*parts))
        self.head = nn.Linear(width if depth else inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for number, layer in enumerate(self.hidden):
            x = x + layer(x) if self.residual and number else layer(x)
        return self.head(x)


def build(parts: Parts) -> MLP:
    """The perceptron of a recipe; features are flattened."""
    return MLP(
        torch.Size(parts.features).numel(),
        parts.outputs,
        width=parts.width,
        depth=parts.depth,
        activation=parts.activation,
        normalization=parts.normalization,
        regularizers=parts.regularizers,
        branches=parts.branches,
        residual=parts.residual,
        scaled=parts.scaled,
    )
