"""What a network is built from: sizes of the data, fields of the recipe, and techniques that act inside."""

from collections.abc import Sequence
from typing import Any, NamedTuple

Pair = tuple[str, Any]
"""A technique's name and the technique."""


class Parts(NamedTuple):
    """features: shape of one row of inputs. outputs: numbers of one row of outputs. vocabulary: how many
    different tokens the inputs are made of (whole numbers below it, 0 fills short rows up), or 0.

    normalization: None for none. regularizers: those that act at activations; branches: those that act at
    residual branches. scaled: whether residual branches are multiplied by a number that is learned.
    """

    features: tuple[int, ...]
    outputs: int
    vocabulary: int
    width: int
    depth: int
    residual: bool
    activation: Pair
    normalization: Pair | None = None
    regularizers: Sequence[Pair] = ()
    branches: Sequence[Pair] = ()
    scaled: bool = False
