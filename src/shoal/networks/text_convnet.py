"""A convolutional network over a row of tokens: windows of several lengths, and the most of each feature.

Kim 2014, Convolutional neural networks for sentence classification, arXiv:1408.5882. Differs from the paper:
embeddings start at random, not from word2vec; the row is filled up at both ends, so that each token stands at
each place of a window.
"""

import torch
from torch import Tensor, nn

from shoal.networks.layers import Activation, Dropout, Normalization, acts_on_weights, leaves_bias, maps
from shoal.networks.normalized_weights import convolution
from shoal.networks.parts import Parts
from shoal.networks.written_out import Embedding

SUMMARY = "convolutions over windows of 3, 4 and 5 tokens, and the most of each feature over the row"
INPUTS = "tokens"
FIELDS = ("width", "activation", "normalization")
BRANCHES = "never"
START = {"width": 32}

WINDOWS = (3, 4, 5)


class TextConvNet(nn.Module):
    """[rows, length] token numbers, 0 for filling → [rows, outputs].

    Embeddings of ``width`` numbers, zeros for filling → for each of ``WINDOWS`` a convolution to ``width``
    features → normalization → activation → the largest over the row → regularizers on all features → a linear
    head. Before a normalization over the batch a convolution has no bias.
    """

    def __init__(self, parts: Parts):
        super().__init__()
        width, normalization = parts.width, parts.normalization
        mapped = width * maps(parts.activation[1])
        bias = normalization is None or leaves_bias(normalization[1])
        self.embedding = Embedding(nn.Embedding(parts.vocabulary, width))
        self.windows = nn.ModuleList()
        for window in WINDOWS:
            layers: list[nn.Module] = [convolution(normalization, width, mapped, bias, (1, window))]
            if normalization is not None and not acts_on_weights(normalization[1]):
                layers.append(Normalization(*normalization, mapped))
            self.windows.append(nn.Sequential(*layers, Activation(*parts.activation)))
        self.dropout = nn.Sequential(
            *(Dropout(*one, site=number << 16) for number, one in enumerate(parts.regularizers))
        )
        self.head = nn.Linear(len(WINDOWS) * width, parts.outputs)

    def forward(self, x: Tensor) -> Tensor:
        ids = x.to(torch.int64)
        image = (self.embedding(ids) * (ids > 0)[..., None]).transpose(1, 2)[:, :, None]
        found = torch.cat([window(image).amax((2, 3)) for window in self.windows], 1)
        return self.head(self.dropout(found))


def build(parts: Parts) -> TextConvNet:
    """The convolutional network of a recipe, for rows of tokens of any length."""
    return TextConvNet(parts)
