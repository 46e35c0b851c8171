"""What is read outside of an image, beside numpy's pad."""

import numpy as np
import pytest
import torch

from shoal.techniques.numerics import shifts


@pytest.mark.parametrize(("outside", "mode"), [(shifts.zeros, "constant"), (shifts.reflection, "reflect")])
@pytest.mark.parametrize("pixels", [2, 3, 8])
def test_outside_of_the_image_is_what_numpy_pads(outside, mode, pixels):
    values, far = torch.arange(1, pixels + 1), pixels - 1
    read, factor = outside(torch.arange(-far, pixels + far), pixels)
    assert (values[read] * factor).tolist() == np.pad(values.numpy(), far, mode=mode).tolist()
