"""Images as convolutions on a CPU are fastest with."""

import torch
from torch import Tensor


def as_images(x: Tensor, image: tuple[int, int, int]) -> Tensor:
    """x [rows, *features] as [rows, channels, height, width], ``image`` being the latter three.

    In memory channels stand last, in training as in evaluation: what convolutions, pooling and normalizations
    make of such images stands so too, and is reordered nowhere between.
    """
    return x.reshape(x.shape[0], *image).contiguous(memory_format=torch.channels_last)
