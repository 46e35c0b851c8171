"""Rprop beside torch.optim, and what its formula promises."""

import pytest
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import rprop

KEY = torch.zeros((), dtype=torch.int64)


@pytest.mark.parametrize("limits", [(1e-6, 50.0), (0.01, 0.03)], ids=["free", "limited"])
def test_follows_torch(limits, steps, torch_steps, agrees):
    """The limits are wide, or met by step sizes from above and from below."""
    path = steps(rprop, rprop.Hyper(0.02, 0.6, 1.3, *limits))
    witness = torch_steps(
        lambda parameters: torch.optim.Rprop(parameters, lr=0.02, etas=(0.6, 1.3), step_sizes=limits)
    )
    agrees(
        rprop,
        "torch.optim.Rprop",
        path,
        witness,
        known="the paper takes the last step back where the sign turned, torch does not; we follow torch, "
        "except that step sizes go along with a scheduled lr, which torch reads only once",
    )


def change_by(gradients, lrs, **hyper):
    """The changes of one parameter by these gradients, with these learning rates."""
    parameter, changes = torch.zeros((), dtype=torch.float64), []
    state = rprop.init(parameter, rprop.Hyper(lr=lrs[0], **hyper))
    for gradient, lr in zip(gradients, lrs, strict=True):
        seen = Seen(parameter + gradient, KEY, KEY)
        change, state = rprop.update(seen, state, parameter, rprop.Hyper(lr=lr, **hyper))
        changes.append(float(change))
    return changes


def test_grows_while_the_sign_stays_and_waits_where_it_turns():
    changes = change_by([3.0, 1e-9, 5.0, -1.0, -1.0, -2.0], [0.1] * 6, etaminus=0.5, etaplus=2.0)
    assert changes == pytest.approx([-0.1, -0.2, -0.4, 0.0, 0.2, 0.4])


def test_a_limit_does_not_fetch_a_step_size_that_a_schedule_has_put_beyond_it():
    changes = change_by([1.0, 1.0, 1.0], [0.1, 1.0, 1.0], etaplus=1.5, step_max=0.12)
    assert changes == pytest.approx([-0.1, -1.0, -1.0])


def test_a_schedule_scales_every_step_and_leaves_the_step_sizes():
    """Down to an lr of 0 and below step_min, and up again: as if it had not been away."""
    scales = [1.0, 0.5, 0.0, 1e-9, 1.0, 0.25]
    gradients = [1.0, 1.0, 1.0, -1.0, -1.0, -1.0]
    constant = change_by(gradients, [0.1] * 6, step_min=1e-4)
    scheduled = change_by(gradients, [0.1 * scale for scale in scales], step_min=1e-4)
    expected = [scale * change for scale, change in zip(scales, constant, strict=True)]
    expected[4:] = [2 * change for change in expected[4:]]  # an lr below step_min does not shrink any more
    assert scheduled == pytest.approx(expected, rel=1e-12)
