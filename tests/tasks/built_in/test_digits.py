"""digits: pixels as scikit-learn has them, divided by 16."""

import numpy as np
from sklearn.datasets import load_digits

from shoal.tasks.built_in import digits


def test_pixels_lie_between_0_and_1():
    data = digits.task().prepare(0)
    pixels, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(data.x * 16, pixels)
    np.testing.assert_array_equal(data.y, labels)
    assert float(data.x.max()) == 1.0
