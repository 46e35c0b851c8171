"""Every member's chance, as a pure function of its seed: draws, row order and noise keys.

Common random numbers: members of one seed see one permutation of the training rows an epoch, consumed by
position (a batch of 64 is two batches of 32), one initial weight where shapes agree, and one noise.
"""

import hashlib

import torch
from torch import Tensor

from shoal.techniques.numerics.counter_noise import fold, uniform


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


def subset(seed: int, rows: int, count: int) -> Tensor:
    """``count`` of ``rows`` row numbers, rising, int64; a smaller count is a subset of a larger one."""
    return torch.randperm(rows, generator=generator(seed, "train_size"))[:count].sort().values


_LABELS = 0x6C61626C  # what tells the noise of labels from that of steps


def wrong_classes(seed: int, y: Tensor, rows: Tensor, classes: int, share: float) -> tuple[Tensor, Tensor]:
    """Which of ``rows`` get another class, as rising positions in ``rows``, and the classes they get.

    ``share`` of them (to the nearest row) are those with the smallest noise, a function of (seed, row): a
    row that is wrong at one share is wrong at every larger one, with the same wrong class. The wrong classes
    are equally likely. y: int64 [all rows of the task]. Symmetric noise, as in Zhang et al. 2017,
    Understanding deep learning requires rethinking generalization, arXiv:1611.03530.
    """
    word = torch.tensor(seed)
    key = fold(fold(fold(word & 0xFFFFFFFF, word >> 32), _LABELS), _LABELS)
    first, which = (uniform(fold(key, draw), (len(y),), torch.float64)[rows] for draw in (0, 1))
    chosen = first.argsort(stable=True)[: round(share * len(rows))].sort().values
    shift = 1 + (which[chosen] * (classes - 1)).long()
    return chosen, (y[rows[chosen]] + shift) % classes


def noise_keys(seeds: Tensor, steps: Tensor) -> Tensor:
    """Noise keys of members at their steps, int64 like ``steps`` broadcast with ``seeds``."""
    return fold(fold(seeds & 0xFFFFFFFF, seeds >> 32), steps)
