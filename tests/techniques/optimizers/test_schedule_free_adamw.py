"""Schedule-free AdamW beside the authors' package, both what is trained and what is evaluated."""

import pytest
import schedulefree
import torch
from member_walk import START, package_walk, walk

from shoal.techniques.optimizers import schedule_free_adamw

SETTINGS = [
    schedule_free_adamw.Hyper(0.05, 0.8, 0.95, 1e-3),
    schedule_free_adamw.Hyper(0.04, 0.9, 0.99, 1e-6, weight_decay=0.3, warmup_steps=7.0),
    schedule_free_adamw.Hyper(0.03, 0.6, 0.9, 1e-2, 0.01, warmup_steps=12.0, r=1.5, weight_lr_power=0.7),
    schedule_free_adamw.Hyper(0.05, 0.95, 0.5, 1e-8, 0.1, warmup_steps=50.0, r=0.5, weight_lr_power=0.0),
]
SCALES = {
    "constant": lambda step: 1.0,
    "down to zero": lambda step: 1 - step / 39,
    "from zero": lambda step: step / 39,
}
KNOWN = (
    "The authors' package before version 1.3 multiplies lr, and by it the average's weights, with the root "
    "of 1 - beta2^t instead of correcting the running square. We follow 1.3 and "
    "later, as pytorch_optimizer does."
)


def averaged(optimizer, parameters):
    optimizer.eval()
    seen = [parameter.detach().clone() for parameter in parameters]
    optimizer.train()
    return seen


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, scale, agrees):
    def make(parameters):
        rest = hyper._asdict()
        betas = rest.pop("beta1"), rest.pop("beta2")
        optimizer = schedulefree.AdamWScheduleFree(parameters, betas=betas, **rest, foreach=False)
        optimizer.train()
        return optimizer

    ours, theirs = (
        walk(schedule_free_adamw, hyper, scale=SCALES[scale]),
        package_walk(make, scale=SCALES[scale], look=averaged),
    )
    for one, other in zip(ours, theirs, strict=True):
        agrees(schedule_free_adamw, "schedulefree.AdamWScheduleFree", one, other, known=KNOWN)


def test_first_step_is_adams_and_evaluates_what_it_trains():
    hyper = schedule_free_adamw.Hyper(0.1, 0.7, 0.9, 1e-12)
    (trained,), (evaluated,) = walk(schedule_free_adamw, hyper, count=1)
    torch.testing.assert_close((trained - START).abs(), torch.full_like(START, 0.1), rtol=1e-9, atol=0)
    torch.testing.assert_close(evaluated, trained, rtol=1e-13, atol=0)
