"""MoMo beside the authors' package, and what its formula promises."""

import pytest
import torch
from member_walk import START, package_walk, walk
from momo import Momo

from shoal.techniques.optimizers import momo, sgd

SETTINGS = [
    momo.Hyper(0.5, 0.7),
    momo.Hyper(0.05, 0.9, weight_decay=0.3, lb=2.0),
    momo.Hyper(1.5, 0.5, weight_decay=0.01, lb=-1.0),
    momo.Hyper(0.1, 0.0),
]


@pytest.mark.parametrize("quiet", [0, 3])
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, falling, quiet, agrees):
    def scale(step):
        return 1 - step / 40 if falling else 1.0

    def make(parameters):
        return Momo(parameters, **hyper._asdict())

    path, witness = (
        walk(momo, hyper, scale=scale, quiet=quiet)[0],
        package_walk(make, scale=scale, quiet=quiet, loss=True)[0],
    )
    agrees(momo, "momo.Momo", path, witness)


def test_settings_meet_the_cap_and_the_polyak_step():
    free = walk(momo, SETTINGS[0])[0]
    assert not torch.equal(free[-1], walk(momo, SETTINGS[0]._replace(lr=0.05))[0][-1])
    assert not torch.equal(free[-1], walk(momo, SETTINGS[0]._replace(lb=-1e30))[0][-1])


def test_far_above_the_bound_without_momentum_it_is_sgd():
    ours, theirs = walk(momo, momo.Hyper(0.05, 0.0, lb=-1e30))[0], walk(sgd, sgd.Hyper(0.05))[0]
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-14)


def test_gradients_of_zeros_do_not_move():
    assert torch.equal(walk(momo, momo.Hyper(), count=3, quiet=3)[0][-1], START)
