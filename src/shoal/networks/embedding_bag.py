"""A bag of embeddings: learned vectors of tokens and of pairs of neighbors, added up, then hidden layers.

    z = Σ cₜ exp(sₜ) g·eₜ / √Σ cₜ²      z ← z + hidden(z), ``depth`` times      a linear head

t runs over the tokens of a row and the pairs of neighboring tokens, which are hashed into ``BUCKETS``; e
embedding, s learned importance of a token, starting at 0; c is 1 for a token, ``PAIR`` for a pair, 0 for
filling; g = ``GAIN``. Tokens and pairs have tables of their own.
Joulin, Grave, Bojanowski & Mikolov 2016, Bag of tricks for efficient text classification, arXiv:1607.01759.
Differs from the paper: importances are learned, pairs count less than tokens, the sum is divided by the root
of its length where the paper's is a mean, and hidden layers stand before the head, around which the linear
path leads. The constants were found on two sets of reviews: embeddings start small and learn slowly, since
adaptive optimizers move what is rare as fast as what is frequent.
"""

from collections.abc import Sequence

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
from shoal.networks.parts import Pair, Parts
from shoal.networks.written_out import Embedding
from shoal.techniques.numerics.counter_noise import fold

SUMMARY = "embeddings of tokens and of pairs of neighbors, added up, then hidden layers"
INPUTS = "tokens"
FIELDS = ("width", "depth", "activation", "normalization")
BRANCHES = "always"
START = {"width": 16, "depth": 1}

BUCKETS = 1 << 14
PAIR = 0.3
GAIN = 0.03
_BRANCHES = 1 << 30  # sites of noise at branches, apart from those at activations


class EmbeddingBag(nn.Module):
    """[rows, length] token numbers, 0 for filling → [rows, outputs].

    A hidden layer is linear → normalization → activation → regularizers → branches, with ``scaled`` times a
    number that is learned. activation, normalization (None without), regularizers and branches are (name,
    technique) pairs.
    """

    def __init__(
        self,
        vocabulary: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        activation: Pair,
        normalization: Pair | None = None,
        regularizers: Sequence[Pair] = (),
        branches: Sequence[Pair] = (),
        scaled: bool = False,
    ):
        super().__init__()
        self.tokens = Bag(vocabulary, width)
        self.pairs = Bag(BUCKETS + 1, width)
        bias = normalization is None or leaves_bias(normalization[1])
        mapped = width * maps(activation[1])
        self.hidden = nn.ModuleList()
        for layer in range(depth):
            parts: list[nn.Module] = [linear(normalization, width, mapped, bias)]
            if normalization is not None and not acts_on_weights(normalization[1]):
                parts.append(Normalization(*normalization, mapped))
            parts.append(Activation(*activation))
            for number, one in enumerate(regularizers):
                parts.append(Dropout(*one, site=layer + (number << 16)))
            for number, one in enumerate(branches):
                site = _BRANCHES + layer + (number << 16)
                parts.append(Branch(*one, site, share=(layer + 1) / depth))
            if scaled:
                parts.append(Scale())
            self.hidden.append(nn.Sequential(*parts))
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        ids = x.to(torch.int64)
        pairs = hashed_pairs(ids, BUCKETS)
        square = (ids > 0).sum(1, keepdim=True) + PAIR**2 * (pairs > 0).sum(1, keepdim=True).to(
            self.tokens.importance.dtype
        )
        z = (self.tokens(ids) + PAIR * self.pairs(pairs)) * (GAIN / square.clamp(min=1.0).sqrt())
        for layer in self.hidden:
            z = z + layer(z)
        return self.head(z)


class Bag(nn.Module):
    """[rows, length] numbers below ``size`` → [rows, width]: Σ exp(importance) · embedding, none of 0."""

    def __init__(self, size: int, width: int):
        super().__init__()
        self.embedding = Embedding(nn.Embedding(size, width))
        self.importance = nn.Parameter(torch.zeros(size))

    def forward(self, ids: Tensor) -> Tensor:
        weight = self.importance[ids].exp() * (ids > 0)
        # a product of matrices: a trace of the gradient of a broadcast weight holds for one number of members
        return (weight[:, None] @ self.embedding(ids)).squeeze(1)


def hashed_pairs(ids: Tensor, buckets: int) -> Tensor:
    """A number from 1 to ``buckets`` for each two neighbors of ids [rows, length], [rows, length - 1].

    0 where one of the two is filling. The order of the two matters, nothing else does.
    """
    first, second = ids[:, :-1], ids[:, 1:]
    full = (first > 0) & (second > 0)
    return torch.where(full, fold(first, second) % buckets + 1, 0)


def build(parts: Parts) -> EmbeddingBag:
    """The bag of a recipe, for rows of tokens of any length."""
    return EmbeddingBag(
        parts.vocabulary,
        parts.outputs,
        width=parts.width,
        depth=parts.depth,
        activation=parts.activation,
        normalization=parts.normalization,
        regularizers=parts.regularizers,
        branches=parts.branches,
        scaled=parts.scaled,
    )
