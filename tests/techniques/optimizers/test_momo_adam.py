"""MoMo-Adam beside the authors' package, and what its formula promises."""

import pytest
import torch
from member_walk import START, package_walk, walk
from momo import MomoAdam

from shoal.techniques.optimizers import adam, momo_adam

SETTINGS = [
    momo_adam.Hyper(0.5, 0.7, 0.95, 1e-3),
    momo_adam.Hyper(0.05, 0.9, 0.99, 1e-6, weight_decay=0.3, lb=2.0),
    momo_adam.Hyper(1.5, 0.5, 0.9, 1e-2, weight_decay=0.01, lb=-1.0),
    momo_adam.Hyper(0.3, 0.0, 0.8, 1e-8),
]


@pytest.fixture
def float64_product():
    """momo.MomoAdam keeps its running product in torch's default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("quiet", [0, 3])
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, falling, quiet, agrees, float64_product):
    def scale(step):
        return 1 - step / 40 if falling else 1.0

    def make(parameters):
        rest = hyper._asdict()
        return MomoAdam(parameters, betas=(rest.pop("beta1"), rest.pop("beta2")), **rest)

    path, witness = (
        walk(momo_adam, hyper, scale=scale, quiet=quiet)[0],
        package_walk(make, scale=scale, quiet=quiet, loss=True)[0],
    )
    agrees(momo_adam, "momo.MomoAdam", path, witness)


def test_settings_meet_the_cap_and_the_polyak_step():
    free = walk(momo_adam, SETTINGS[0])[0]
    assert not torch.equal(free[-1], walk(momo_adam, SETTINGS[0]._replace(lr=0.05))[0][-1])
    assert not torch.equal(free[-1], walk(momo_adam, SETTINGS[0]._replace(lb=-1e30))[0][-1])


def test_far_above_the_bound_it_is_adam():
    ours = walk(momo_adam, momo_adam.Hyper(0.05, 0.8, 0.95, 1e-3, lb=-1e30))[0]
    for one, other in zip(ours, walk(adam, adam.Hyper(0.05, 0.8, 0.95, 1e-3))[0], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-13)


def test_gradients_of_zeros_do_not_move():
    assert torch.equal(walk(momo_adam, momo_adam.Hyper(), count=3, quiet=3)[0][-1], START)
