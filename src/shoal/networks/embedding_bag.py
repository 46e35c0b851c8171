"""A bag of embeddings: what the terms of a text say of the target and learned vectors of them, added up.

    u, z = Σ exp(sₜ) g·(rₜ, eₜ) / √n      z ← z + hidden(z), ``depth`` times      output = u + head(z)

t runs over the n different terms of a row: its tokens, and its pairs of neighboring tokens that stand in two
training rows. s learned importance of a term, starting at 0; r what training rows say of it (see
``evidence``), which stays; e embedding of a token, 0 of a pair; g is ``GAIN`` for r and ``SMALL`` for e. A
token's r is the sum of its own, that of its first four letters and that of its first five ..., so that forms
of a word help each other (``BEGINNINGS``).
Wang & Manning 2012, Baselines and bigrams: simple, good sentiment and topic classification, ACL.
Joulin, Grave, Bojanowski & Mikolov 2016, Bag of tricks for efficient text classification, arXiv:1607.01759.
Differs from the papers: the first's ratios of naive Bayes are the inputs of a support vector machine, here
importances are learned, that cannot change a sign; the second's vectors are of pairs, too, averaged, and no
hidden layers stand behind them. The constants were found on the validation rows of two sets of reviews.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from shoal.networks import known_pairs
from shoal.networks.evidence import distinct, evidence
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

SUMMARY = "what words and pairs of neighbors say of the target, and embeddings of words, then hidden layers"
INPUTS = "tokens"
FIELDS = ("width", "depth", "activation", "normalization")
BRANCHES = "always"
START = {"width": 16, "depth": 1}

PLACES = 1 << 16
"""Of the table of known pairs."""
GAIN = 0.3
SMALL = 0.0001
BEGINNINGS = (4, 5, 6)
"""Letters."""
_BRANCHES = 1 << 30  # sites of noise at branches, apart from those at activations


class EmbeddingBag(nn.Module):
    """[rows, length] token numbers, 0 for filling and 1 for unknown ones → [rows, outputs].

    A hidden layer is linear → normalization → activation → regularizers → branches, with ``scaled`` times a
    number that is learned. activation, normalization (None without), regularizers and branches are (name,
    technique) pairs. Evidence and known pairs are buffers, which ``first_buffers`` finds; as built there are
    none.
    """

    known: Tensor

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
        self.embedding = Embedding(nn.Embedding(vocabulary, width))
        self.tokens = Importance(vocabulary, outputs)
        self.pairs = Importance(PLACES + 1, outputs)
        self.register_buffer("known", torch.zeros(PLACES, dtype=torch.int64))
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
        pairs = distinct(known_pairs.numbered(ids, self.known))
        ids = distinct(ids)
        count = ((ids > 0).sum(1, keepdim=True) + (pairs > 0).sum(1, keepdim=True)).clamp(min=1)
        root = count.to(self.head.weight.dtype).sqrt()
        weight = self.tokens(ids)
        said = weight @ self.tokens.evidence[ids] + self.pairs(pairs) @ self.pairs.evidence[pairs]
        z = (weight @ self.embedding(ids)).squeeze(1) * (SMALL / root)
        for layer in self.hidden:
            z = z + layer(z)
        return said.squeeze(1) * (GAIN / root) + self.head(z)


class Importance(nn.Module):
    """[rows, terms] numbers below ``size`` → [rows, 1, terms]: exp(importance), 0 for the number 0.

    evidence: [size, outputs], a buffer. Weights are multiplied as matrices: a trace of the gradient of a
    broadcast weight holds for one number of members.
    """

    evidence: Tensor

    def __init__(self, size: int, outputs: int):
        super().__init__()
        self.importance = nn.Parameter(torch.zeros(size))
        self.register_buffer("evidence", torch.zeros(size, outputs))

    def forward(self, terms: Tensor) -> Tensor:
        return (self.importance[terms].exp() * (terms > 0))[:, None]


def first_buffers(
    x: Tensor, y: Tensor, *, vocabulary: int, outputs: int, names: Sequence[str]
) -> dict[str, Tensor]:
    """The buffers of a network that starts: what training rows x [rows, length] and their targets y say.

    y: [rows] classes, or [rows, outputs] numbers. names: of the tokens from number 2 on, or none.
    """
    ids = x.to(torch.int64)
    own = evidence(ids, y, vocabulary, outputs)
    for letters in BEGINNINGS if names else ():
        groups = _groups(names, letters, vocabulary)
        own += evidence(groups[ids], y, int(groups.max()) + 1, outputs)[groups]
    own[: known_pairs.FIRST] = 0
    known = known_pairs.table(ids, PLACES)
    pairs = evidence(known_pairs.numbered(ids, known), y, PLACES + 1, outputs)
    return {"tokens.evidence": own, "pairs.evidence": pairs, "known": known}


def _groups(names: Sequence[str], letters: int, vocabulary: int) -> Tensor:
    """[vocabulary] a number for each token, the same for those whose first ``letters`` are the same.

    0 for what has no name.
    """
    found: dict[str, int] = {}
    groups = torch.zeros(vocabulary, dtype=torch.int64)
    numbers = [found.setdefault(name[:letters], len(found) + 1) for name in names]
    groups[known_pairs.FIRST : known_pairs.FIRST + len(names)] = torch.tensor(numbers)
    return groups


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
