"""Fans beside torch's own count."""

import pytest
import torch

from shoal.errors import UserError
from shoal.techniques.numerics.fans import fans


@pytest.mark.parametrize("shape", [(5, 7), (6, 4, 3), (6, 4, 3, 2), (1, 1), (2, 3, 1, 5, 4)], ids=str)
def test_equal_torchs_count(shape):
    assert fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_vector_has_none(shape):
    with pytest.raises(UserError, match="has no fans"):
        fans(shape)
