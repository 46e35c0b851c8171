"""A recurrent text classifier: embedding, gated recurrent units, the mean of their states, a head."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from shoal.networks.gru import GRU
from shoal.networks.layers import Dropout
from shoal.networks.parts import Parts
from shoal.networks.written_out import Embedding

SUMMARY = "gated recurrent units over a text's tokens, their mean in front of a linear head"
INPUTS = "tokens"
FIELDS = ("width", "depth")
BRANCHES = "never"
START = {"depth": 1}


class TextGRU(nn.Module):
    """Token numbers [rows, length] (0 fills up) → [rows, outputs].

    An embedding of ``width`` → ``depth`` layers of ``width`` gated recurrent units → the mean of the last
    layer's states over all tokens → head. Regularizers act before every layer and before the head. A text's
    outputs do not depend on how much it is filled up, nor where; one without tokens has those of a state of
    zeros.
    """

    def __init__(
        self,
        vocabulary: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        regularizers: Sequence[tuple[str, Any]] = (),
    ):
        super().__init__()
        self.embedding = Embedding(nn.Embedding(vocabulary, width))
        self.layers = nn.ModuleList(GRU(width, width) for _ in range(depth))
        self.dropouts = nn.ModuleList(
            nn.Sequential(
                *(Dropout(*one, site=place + (number << 16)) for number, one in enumerate(regularizers))
            )
            for place in range(depth + 1)
        )
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        ids = x.long()
        kept = ids != 0
        states = self.embedding(ids)
        *before, last = self.dropouts
        for dropout, layer in zip(before, self.layers, strict=True):
            states = layer(dropout(states), kept)
        count = kept.sum(1, keepdim=True).clamp(min=1)
        return self.head(last((states * kept[..., None]).sum(1) / count))


def build(parts: Parts) -> TextGRU:
    """The text classifier of a recipe."""
    return TextGRU(
        parts.vocabulary,
        parts.outputs,
        width=parts.width,
        depth=parts.depth,
        regularizers=parts.regularizers,
    )
