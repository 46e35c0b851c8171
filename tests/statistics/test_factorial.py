"""Main effects and interactions of crossed designs, against least squares and by hand."""

import itertools

import numpy as np
import pytest

from shoal.statistics.factorial import Levels, combinations, interaction, means

SCORES = np.random.default_rng(0).normal(size=(3, 2, 2, 7))


def test_a_main_effect_is_the_coefficient_of_least_squares():
    """Sum-to-zero coding of all axes and interactions: the difference of two levels' coefficients."""
    for axis in range(3):
        levels = SCORES.shape[axis]
        cells = list(itertools.product(*map(range, SCORES.shape[:3])))
        design = np.array(
            [
                [
                    1.0,
                    *(
                        float(cell[axis] == level) - float(cell[axis] == levels - 1)
                        for level in range(levels - 1)
                    ),
                ]
                for cell in cells
            ]
        )
        found = np.linalg.lstsq(design, np.array([SCORES[cell] for cell in cells]), rcond=None)[0]
        for level in range(1, levels - 1):
            effect = means(SCORES, axis, level) - means(SCORES, axis, 0)
            np.testing.assert_allclose(effect, found[level + 1] - found[1], rtol=1e-12, atol=1e-12)


def test_an_interaction_by_hand_is_symmetric_and_none_where_effects_add_up():
    small = np.array([[[1.0], [2.0]], [[4.0], [9.0]]])
    assert interaction(small, Levels(0, 1, 0), Levels(1, 1, 0)) == [4.0]
    one, other = Levels(0, 2, 1), Levels(2, 1, 0)
    by_hand = (SCORES[2, :, 1] - SCORES[1, :, 1] - SCORES[2, :, 0] + SCORES[1, :, 0]).mean(axis=0)
    np.testing.assert_allclose(interaction(SCORES, one, other), by_hand, atol=1e-14)
    np.testing.assert_allclose(interaction(SCORES, other, one), by_hand, atol=1e-14)
    added = np.add.outer(np.array([0.0, 0.3]), np.array([0.1, 0.7, 0.2]))[..., None] + np.arange(4.0)
    np.testing.assert_allclose(interaction(added, Levels(0, 1, 0), Levels(1, 2, 0)), 0.0, atol=1e-14)


def test_a_mean_is_over_the_other_axes_and_nothing_may_be_missing():
    np.testing.assert_allclose(means(SCORES, 1, 1), SCORES[:, 1].reshape(6, 7).mean(axis=0))
    assert [combinations(SCORES, axis) for axis in range(3)] == [4, 6, 6]
    missing = SCORES.copy()
    missing[0, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="complete"):
        means(missing, 0, 0)
    with pytest.raises(ValueError, match="no level 3 of axis 0"):
        means(SCORES, 0, 3)
    with pytest.raises(ValueError, match="itself"):
        interaction(SCORES, Levels(0, 1, 0), Levels(0, 2, 0))
