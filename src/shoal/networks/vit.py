"""A small vision transformer: patches of an image as tokens."""

import torch
from torch import Tensor, nn

from shoal.networks.attention import Transformer
from shoal.networks.normalized_weights import linear
from shoal.networks.parts import Parts

SUMMARY = "vision transformer: patches of an image as tokens, about eight a side"
INPUTS = "image"
FIELDS = ("width", "depth", "activation", "normalization")
BRANCHES = "always"
START = {"normalization": "layer_norm", "activation": "gelu"}

_SIDE = 8  # patches along the longer side of an image, about


class ViT(nn.Module):
    """[rows, channels, height, width] → [rows, outputs] (a missing channel axis is added).

    Patches of p × p pixels, p an eighth of the longer side rounded (4 for 28 and 32, 8 for 64), the last
    pixels repeated at the right and the bottom where p does not divide the image; a linear map of each patch,
    written as a product of matrices, so that many networks are one program → a transformer with learned
    positions → the mean over patches → a linear head. The map has no bias: positions have one each.

    Dosovitskiy et al. 2020, An image is worth 16×16 words, arXiv:2010.11929. Differs from the paper: the mean
    in place of a class token (as Zhai et al. 2022, Scaling vision transformers, arXiv:2106.04560).
    """

    def __init__(self, parts: Parts):
        super().__init__()
        self.channels, height, width = (1, *parts.features)[-3:]
        self.patch = max(1, round(max(height, width) / _SIDE))
        self.grid = (-(-height // self.patch), -(-width // self.patch))
        self.image = (self.channels, height, width)
        self.numbers = self.channels * self.patch**2
        self.patches = linear(parts.normalization, self.numbers, parts.width, bias=False)
        self.transformer = Transformer(parts, self.grid[0] * self.grid[1])
        self.head = nn.Linear(parts.width, parts.outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(x.shape[0], *self.image)
        down, across = self.grid
        if x.shape[2:] != (down * self.patch, across * self.patch):
            sizes = zip((down, across), x.shape[2:], strict=True)
            place = [torch.arange(n * self.patch, device=x.device).clamp(max=last - 1) for n, last in sizes]
            x = x[:, :, place[0][:, None], place[1]]  # traces of F.pad, cat, index_select fix the members
        x = x.reshape(x.shape[0], self.channels, down, self.patch, across, self.patch)
        cut = x.permute(0, 2, 4, 1, 3, 5)
        tokens = self.patches(cut.reshape(-1, self.numbers)).reshape(x.shape[0], down * across, -1)
        return self.head(self.transformer(tokens).mean(1))


def build(parts: Parts) -> ViT:
    """The vision transformer of a recipe."""
    return ViT(parts)
