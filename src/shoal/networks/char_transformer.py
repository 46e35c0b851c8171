"""A small causal transformer that predicts the next token at every place of a text."""

from torch import Tensor, nn

from shoal.networks.attention import Transformer
from shoal.networks.parts import Parts
from shoal.networks.written_out import Embedding

SUMMARY = "causal transformer that predicts the next character at every place"
INPUTS = "text"
FIELDS = ("width", "depth", "activation", "normalization")
BRANCHES = "always"
START = {"normalization": "layer_norm", "activation": "gelu"}


class CharTransformer(nn.Module):
    """Token numbers [rows, length] → [rows, length, outputs], the scores of the next token at every place.

    A vector for each token → a transformer with learned positions, in which a token sees only itself and
    those before it → a linear head for every place (not tied to the embedding).
    """

    def __init__(self, parts: Parts):
        super().__init__()
        (length,) = parts.features
        self.embedding = Embedding(nn.Embedding(parts.vocabulary, parts.width))
        self.transformer = Transformer(parts, length, causal=True)
        self.head = nn.Linear(parts.width, parts.outputs)

    def forward(self, x: Tensor) -> Tensor:
        made = self.transformer(self.embedding(x.long()))
        return self.head(made.flatten(0, 1)).reshape(*x.shape, -1)


def build(parts: Parts) -> CharTransformer:
    """The character model of a recipe."""
    return CharTransformer(parts)
