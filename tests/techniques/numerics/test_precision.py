"""State is as wide as the parameter, and never narrower than float32."""

import pytest
import torch

from shoal.techniques.numerics import precision


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_zeros(dtype, kept):
    zeros = precision.zeros(torch.ones(2, 3, dtype=dtype))
    assert zeros.dtype == kept and zeros.shape == (2, 3) and not zeros.any()
