"""D-Adapt Adam beside the authors' package, and what its formula promises."""

import dadaptation
import pytest
import torch
from member_walk import START, package_walk, walk

from shoal.techniques.optimizers import d_adapt_adam

SETTINGS = [
    d_adapt_adam.Hyper(1.0, 0.8, 0.95, 1e-3, d0=1e-2),
    d_adapt_adam.Hyper(0.7, 0.0, 0.9, 1e-6, weight_decay=0.2, d0=1e-3),
    d_adapt_adam.Hyper(1.5, 0.9, 0.8, 1e-8, weight_decay=0.1, d0=1e-2, growth_rate=1.2),
]
KNOWN = "pytorch_optimizer 4.1 gathers the bound in float32: it is 1e-7 off."


@pytest.mark.parametrize("quiet", [0, 3])
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, falling, quiet, agrees):
    def scale(step):
        return 1 - step / 40 if falling else 1.0

    rest = hyper._asdict() | ({"growth_rate": float("inf")} if hyper.growth_rate == 1e30 else {})
    betas = rest.pop("beta1"), rest.pop("beta2")
    made = []

    def make(parameters):
        made.append(dadaptation.DAdaptAdam(parameters, betas=betas, decouple=True, **rest))
        return made[0]

    path, witness = (
        walk(d_adapt_adam, hyper, scale=scale, quiet=quiet)[0],
        package_walk(make, scale=scale, quiet=quiet)[0],
    )
    assert made[0].param_groups[0]["d"] > 10 * hyper.d0
    assert (quiet == 0) == (not torch.equal(path[0], START))
    agrees(d_adapt_adam, "dadaptation.DAdaptAdam", path, witness, known=KNOWN)
