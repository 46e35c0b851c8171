"""The noise of shoal.techniques.numerics.counter_noise in plain Python integers, for all witnesses here."""

from types import SimpleNamespace

import pytest


def mix(x: int) -> int:
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def fold(key: int, number: int) -> int:
    return mix((mix((key + 0x3C6EF372) % 2**32) + number) % 2**32)


def uniform(key: int, position: int) -> float:
    word = mix(mix((position + key) % 2**32) ^ fold(key, 0x51ED270B))
    return ((word >> 9) + 0.5) / 2**23


@pytest.fixture
def plain() -> SimpleNamespace:
    """uniform(key, position) in (0, 1), fold(key, number), and partner(key, row, rows)."""

    def partner(key: int, row: int, rows: int) -> int:
        return (row + fold(key, 0x70617274)) % rows

    return SimpleNamespace(uniform=uniform, fold=fold, partner=partner)
