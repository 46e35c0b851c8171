"""The constant schedule is 1, as a tensor in the dtype of progress."""

import torch

from shoal.techniques.schedules import constant


def test_is_one_at_any_progress():
    progress = torch.linspace(0, 1, 7, dtype=torch.float64)
    for point in (*progress, 0.25):
        value = constant.value(point, constant.Hyper())
        assert value.shape == () and value == 1.0
    assert constant.value(progress[3], constant.Hyper()).dtype == torch.float64
