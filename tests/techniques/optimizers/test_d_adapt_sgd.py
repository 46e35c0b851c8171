"""D-Adapt SGD beside the authors' package, and what its formula promises."""

import dadaptation
import pytest
import torch
from member_walk import START, package_walk, walk

from shoal.techniques.optimizers import d_adapt_sgd

SETTINGS = [
    d_adapt_sgd.Hyper(1.0, 0.0, d0=1e-2),
    d_adapt_sgd.Hyper(0.7, 0.6, d0=1e-3),
    d_adapt_sgd.Hyper(1.5, 0.9, weight_decay=0.1, d0=1e-2, growth_rate=1.3),
]


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, falling, agrees):
    def scale(step):
        return 1 - step / 40 if falling else 1.0

    theirs = hyper._asdict() | ({"growth_rate": float("inf")} if hyper.growth_rate == 1e30 else {})
    made = []

    def make(parameters):
        made.append(dadaptation.DAdaptSGD(parameters, **theirs))
        return made[0]

    path, witness = walk(d_adapt_sgd, hyper, scale=scale)[0], package_walk(make, scale=scale)[0]
    assert made[0].param_groups[0]["d"] > 10 * hyper.d0
    agrees(d_adapt_sgd, "dadaptation.DAdaptSGD", path, witness)


def test_zero_gradients_at_first_are_waited_out():
    hyper = d_adapt_sgd.Hyper(1.0, 0.5, d0=1e-2)
    path = walk(d_adapt_sgd, hyper, quiet=3)[0]
    assert all(torch.equal(parameters, START) for parameters in path[:3])
    assert not torch.equal(path[3], START) and bool(path[-1].isfinite().all())


def test_first_step_has_length_d0_times_lr():
    (after,), _ = walk(d_adapt_sgd, d_adapt_sgd.Hyper(0.5, 0.0, d0=0.03), count=1)
    torch.testing.assert_close((after - START).norm().item(), 0.015, rtol=1e-12, atol=0)
