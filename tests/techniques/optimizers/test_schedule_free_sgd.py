"""Schedule-free SGD beside the authors' package, both what is trained and what is evaluated."""

import pytest
import schedulefree
import torch
from member_walk import START, package_walk, seen_at, walk

from shoal.techniques.optimizers import schedule_free_sgd

SETTINGS = [
    schedule_free_sgd.Hyper(0.05, 0.8),
    schedule_free_sgd.Hyper(0.04, 0.9, weight_decay=0.3, warmup_steps=7.0),
    schedule_free_sgd.Hyper(0.03, 0.6, weight_decay=0.01, warmup_steps=12.0, r=1.5, weight_lr_power=0.7),
    schedule_free_sgd.Hyper(0.05, 0.95, warmup_steps=50.0, r=0.5, weight_lr_power=0.0),
]
SCALES = {
    "constant": lambda step: 1.0,
    "down to zero": lambda step: 1 - step / 39,
    "from zero": lambda step: step / 39,
}


def averaged(optimizer, parameters):
    optimizer.eval()
    seen = [parameter.detach().clone() for parameter in parameters]
    optimizer.train()
    return seen


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, scale, agrees):
    def make(parameters):
        optimizer = schedulefree.SGDScheduleFree(parameters, **hyper._asdict(), foreach=False)
        optimizer.train()
        return optimizer

    ours, theirs = (
        walk(schedule_free_sgd, hyper, scale=SCALES[scale]),
        package_walk(make, scale=SCALES[scale], look=averaged),
    )
    for one, other in zip(ours, theirs, strict=True):
        agrees(schedule_free_sgd, "schedulefree.SGDScheduleFree", one, other)


def test_what_is_evaluated_is_the_mean_of_all_base_steps():
    hyper = schedule_free_sgd.Hyper(0.05, 0.7)
    flat = START.clone()
    state, passed = schedule_free_sgd.init(flat, hyper), []
    for step in range(30):
        change, state = schedule_free_sgd.update(seen_at(flat, step), state, flat, hyper)
        flat = flat + change
        passed.append(state.z)
        mean = torch.stack(passed).mean(0)
        torch.testing.assert_close(schedule_free_sgd.read(state, flat, hyper), mean, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(flat, 0.3 * state.z + 0.7 * mean, rtol=1e-12, atol=1e-13)
