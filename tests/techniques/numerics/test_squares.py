"""Boxes: how many pixels they have, and that they end at the border."""

import pytest
import torch

from shoal.techniques.numerics import squares


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5.5, 40])
def test_a_box_has_as_many_pixels_as_fit(size):
    for center in range(11):
        inside = squares.inside(torch.tensor((center + 0.3) / 11), 11, size)
        wanted = [pixel for pixel in range(11) if -size / 2 <= pixel - center < size / 2]
        assert inside.nonzero().flatten().tolist() == wanted


def test_an_even_size_is_met_in_the_middle():
    assert int(squares.inside(torch.tensor(0.5), 11, 4).sum()) == 4
