"""SGD beside torch.optim, and what its formula promises."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    hyper = sgd.Hyper(lr=0.03)
    path = steps(sgd, hyper)
    witness = torch_steps(lambda parameters: torch.optim.SGD(parameters, lr=0.03))
    agrees(sgd, "torch.optim.SGD", path, witness, rtol=1e-12)


@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_change_is_linear_in_lr_and_gradient(lr, factor):
    gradient, parameter = (
        torch.tensor([1.5, -2.0, 0.0], dtype=torch.float64),
        torch.zeros(3, dtype=torch.float64),
    )
    change, _ = sgd.update(Seen(factor * gradient, KEY, KEY), sgd.State(), parameter, sgd.Hyper(lr))
    torch.testing.assert_close(change, -lr * factor * gradient, rtol=1e-14, atol=1e-300)
