"""Prodigy beside the authors' package, and what its formula promises."""

import prodigyopt
import pytest
import torch
from member_walk import START, package_walk, walk

from shoal.techniques.optimizers import prodigy

SETTINGS = [
    prodigy.Hyper(1.0, 0.8, 0.95, 1e-3, d0=1e-2),
    prodigy.Hyper(0.7, 0.5, 0.9, 1e-6, weight_decay=0.2, d0=1e-3, d_coef=2.0),
    prodigy.Hyper(1.5, 0.9, 0.8, 1e-2, weight_decay=0.1, d0=1e-2, d_coef=0.3),
]
KNOWN = (
    "At beta1 = 0 alone the authors' package weights the gradient by the distance after it grew, at any "
    "other beta1 by the one before. We take the limit."
)


@pytest.mark.parametrize("quiet", [0, 3])
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, falling, quiet, agrees):
    def scale(step):
        return 1 - step / 40 if falling else 1.0

    rest = hyper._asdict()
    betas = rest.pop("beta1"), rest.pop("beta2")
    made = []

    def make(parameters):
        made.append(prodigyopt.Prodigy(parameters, betas=betas, **rest))
        return made[0]

    path, witness = (
        walk(prodigy, hyper, scale=scale, quiet=quiet)[0],
        package_walk(make, scale=scale, quiet=quiet)[0],
    )
    assert made[0].param_groups[0]["d"] > 10 * hyper.d0
    assert (quiet == 0) == (not torch.equal(path[0], START))
    agrees(prodigy, "prodigyopt.Prodigy", path, witness, known=KNOWN)


def test_without_momentum_it_is_the_limit_of_little_momentum():
    def make(parameters):
        return prodigyopt.Prodigy(parameters, betas=(1e-12, 0.9), d0=1e-3)

    path = walk(prodigy, prodigy.Hyper(1.0, 0.0, 0.9, d0=1e-3))[0]
    for ours, theirs in zip(path, package_walk(make)[0], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-8)
