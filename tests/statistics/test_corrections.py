"""Holm's correction against brute force (closed testing) and its error rate."""

from itertools import combinations

import numpy as np
import pytest

from shoal.statistics.corrections import holm


def closed_testing(p: list[float]) -> list[float]:
    """Adjusted p of the closed test with Bonferroni for every subset: what Holm is a shortcut of."""
    k = len(p)
    subsets = [s for size in range(1, k + 1) for s in combinations(range(k), size)]
    return [max(min(1.0, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in range(k)]


@pytest.mark.parametrize("seed", range(10))
def test_holm_is_the_closed_test_over_bonferroni(seed):
    p = (np.random.default_rng(seed).random(6) ** 3).tolist()
    assert holm(p) == pytest.approx(closed_testing(p), rel=1e-12)


def test_holm_keeps_order_and_ties_and_takes_none():
    assert holm([0.04, 0.01, 0.04]).tolist() == [0.08, 0.03, 0.08]
    assert holm([]).size == 0


@pytest.mark.parametrize("p", [[0.5, float("nan")], [1.5], [-0.1], [[0.5]]])
def test_holm_refuses_what_is_no_p(p):
    with pytest.raises(ValueError, match="p values"):
        holm(p)


def test_holm_keeps_the_familywise_error():
    p = np.random.default_rng(0).random((4000, 8))
    alarms = np.mean([holm(row).min() <= 0.05 for row in p])
    assert abs(alarms - (1 - (1 - 0.05 / 8) ** 8)) < 4 * (0.05 * 0.95 / 4000) ** 0.5
