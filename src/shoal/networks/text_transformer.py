"""A small transformer for texts of tokens with one target each."""

from torch import Tensor, nn

from shoal.networks.attention import Transformer
from shoal.networks.parts import Parts
from shoal.networks.written_out import Embedding

SUMMARY = "transformer over a text's tokens, their mean in front of a linear head"
INPUTS = "tokens"
FIELDS = ("width", "depth", "activation", "normalization")
BRANCHES = "always"
START = {"normalization": "layer_norm", "activation": "gelu"}


class TextTransformer(nn.Module):
    """Token numbers [rows, length], 0 for filling → [rows, outputs].

    A vector for each token → a transformer with learned positions, in which nothing sees filling → the mean
    over all tokens that are no filling (zeros where there is none) → a linear head.
    """

    def __init__(self, parts: Parts):
        super().__init__()
        (length,) = parts.features
        self.embedding = Embedding(nn.Embedding(parts.vocabulary, parts.width))
        self.transformer = Transformer(parts, length)
        self.head = nn.Linear(parts.width, parts.outputs)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.long()
        real = tokens != 0
        made = self.transformer(self.embedding(tokens), real)
        share = real.to(made.dtype)
        mean = (made * share[..., None]).sum(1) / share.sum(1, keepdim=True).clamp(min=1)
        return self.head(mean)


def build(parts: Parts) -> TextTransformer:
    """The text classifier of a recipe."""
    return TextTransformer(parts)
