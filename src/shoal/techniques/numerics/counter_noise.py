"""Counter-based noise: the same numbers for the same key, whoever else is in the program.

A key is an int64 scalar made by ``fold`` from a seed, a step and a site. Numbers come from hashing
(key, position) with integer arithmetic only, so a member's noise depends neither on its neighbors nor
on how the program is compiled, and eager equals compiled. Products stay below 2⁶³: a 32-bit word times
a constant below 2³¹, so no signed overflow occurs in compiled C++.

The mixing function is the 32-bit "lowbias" finalizer found by search (C. Wellons, "Prospecting for hash
functions", 2018, public domain), modulo 2³²:

    mix(x):         x ^= x≫16;  x *= 0x7FEB352D;  x ^= x≫15;  x *= 0x846CA68B;  x ^= x≫16
    fold(k, n)    = mix(mix(k + 0x3C6EF372) + n)
    uniform(k)[i] = (n + ½)·2⁻²³,   n = mix(mix(i + k) ^ fold(k, 0x51ED270B)) ≫ 9
    normal(k)[i]  = Φ⁻¹(uniform(k)[i])

i counts positions in row-major order. Witness: the same formulas over plain Python integers, and
statistics.NormalDist.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

_WORD = 0xFFFFFFFF
_FIRST = 0x7FEB352D
_SECOND = 0x846CA68B - (1 << 32)  # the same multiplier modulo 2³², but below 2³¹ in size


def _mix(word: Int[Tensor, "*shape"]) -> Int[Tensor, "*shape"]:
    word = word ^ (word >> 16)
    word = (word * _FIRST) & _WORD
    word = word ^ (word >> 15)
    word = (word * _SECOND) & _WORD
    return word ^ (word >> 16)


def fold(key: Int[Tensor, "*shape"], number: Int[Tensor, "*shape"] | int) -> Int[Tensor, "*shape"]:
    """A new key from ``key`` and a number (a step, a site); order matters. Both are taken modulo 2³²."""
    return _mix((_mix((key + 0x3C6EF372) & _WORD) + (number & _WORD)) & _WORD)


def uniform(key: Int[Tensor, ""], shape: tuple[int, ...], dtype: torch.dtype) -> Float[Tensor, "..."]:
    """Uniform numbers in (0, 1) of ``shape`` from one key: the 2²³ midpoints (n + ½)·2⁻²³, equally likely.

    Each is exact in float32, so float32 and float64 give the same numbers, and neither end is ever reached.
    """
    count = 1
    for size in shape:
        count = count * size
    position = torch.arange(count, device=key.device, dtype=torch.int64).view(shape)
    word = _mix(_mix((position + key) & _WORD) ^ fold(key, 0x51ED270B))
    return ((word >> 9).to(dtype) + 0.5) * 2.0**-23


def normal(key: Int[Tensor, ""], shape: tuple[int, ...], dtype: torch.dtype) -> Float[Tensor, "..."]:
    """Standard normal numbers of ``shape`` from one key; none is farther from 0 than 5.3."""
    return torch.erfinv(2 * uniform(key, shape, dtype) - 1) * 2**0.5
