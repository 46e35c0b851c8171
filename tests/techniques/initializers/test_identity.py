"""Identity beside torch.nn.init.eye_ and dirac_, and what it does to inputs."""

import pytest
import torch
import torch.nn.functional as F

from shoal.errors import UserError
from shoal.techniques.initializers import identity


def drawn(shape, gain=1.0):
    return identity.draw(shape, torch.Generator(), identity.Hyper(gain))


@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (4, 4), (1, 3)], ids=str)
def test_a_matrix_equals_torchs_eye(shape):
    assert torch.equal(drawn(shape, 1.7), 1.7 * torch.nn.init.eye_(torch.empty(shape)))


@pytest.mark.parametrize("shape", [(5, 7, 3), (7, 5, 3, 3), (4, 4, 3, 2), (2, 3, 5, 1, 4)], ids=str)
def test_a_kernel_equals_torchs_dirac(shape):
    assert torch.equal(drawn(shape, 0.3), 0.3 * torch.nn.init.dirac_(torch.empty(shape)))


def test_inputs_pass_unchanged():
    x, images = torch.randn(3, 6), torch.randn(2, 3, 5, 7)
    assert torch.equal(F.linear(x, drawn((6, 6))), x)
    assert torch.equal(F.conv2d(images, drawn((3, 3, 3, 3)), padding=1), images)


def test_vector_is_refused():
    with pytest.raises(UserError, match=r"shape \(3,\) cannot be an identity"):
        drawn((3,))
