"""Every member's chance, as a pure function of its seed: draws, row order and noise keys.

Common random numbers: members of one seed see one permutation of the training rows an epoch, consumed by
position (a batch of 64 is two batches of 32), one initial weight where shapes agree, and one noise.
"""

import hashlib

import torch
from torch import Tensor

from shoal.techniques.numerics.counter_noise import fold


def derive(seed: int, *names: object) -> int:
    """A 63-bit seed from a seed and names, the same on every machine and in every process."""
    text = "/".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: object) -> torch.Generator:
    """A CPU generator for ``names`` (devices draw the same numbers because they are drawn on the CPU)."""
    return torch.Generator().manual_seed(derive(seed, *names))


def order(seed: int, epoch: int, rows: int) -> Tensor:
    """The permutation of ``rows`` row numbers that ``seed`` trains on in ``epoch``, int64 [rows]."""
    return torch.randperm(rows, generator=generator(seed, "order", epoch))


def noise_keys(seeds: Tensor, steps: Tensor) -> Tensor:
    """Noise keys of members at their steps, int64 like ``steps`` broadcast with ``seeds``."""
    return fold(fold(seeds & 0xFFFFFFFF, seeds >> 32), steps)
