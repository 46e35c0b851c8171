"""SGD-HD beside the paper's algorithm in plain floats, and what its rate does."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import sgd, sgd_hd


def test_follows_the_paper(steps, agrees, float_steps):
    rate, hypergrad_lr = 0.03, 2e-3

    def step(t, theta, g, memory):
        h = -sum(a * b for a, b in zip(g, memory.get("g", [0.0] * len(g)), strict=True))
        memory["alpha"] = memory.get("alpha", rate) - hypergrad_lr * h
        memory["g"] = g
        return [a - memory["alpha"] * b for a, b in zip(theta, g, strict=True)]

    ours = steps(sgd_hd, sgd_hd.Hyper(rate, hypergrad_lr))
    agrees(sgd_hd, "the paper's algorithm SGD-HD in plain floats", ours, float_steps(step))


def test_without_hypergradient_it_is_sgd(steps):
    path = steps(sgd_hd, sgd_hd.Hyper(0.04, 0.0))
    assert all(torch.equal(a, b) for a, b in zip(path, steps(sgd, sgd.Hyper(0.04)), strict=True))


def test_the_rate_turns_negative_where_gradients_turn_by_much():
    parameter = torch.zeros(2, dtype=torch.float64)
    hyper = sgd_hd.Hyper(0.1, 0.01)
    state = sgd_hd.init(parameter, hyper)
    for gradient, change in (([3.0, 4.0], [-0.3, -0.4]), ([-3.0, -4.0], [-0.45, -0.6])):
        seen = Seen(torch.tensor(gradient, dtype=torch.float64), torch.tensor(0.0), torch.tensor(0))
        made, state = sgd_hd.update(seen, state, parameter, hyper)
        torch.testing.assert_close(made, torch.tensor(change, dtype=torch.float64))
    assert float(state.offset) == -0.25


def test_a_schedule_scales_the_rate_at_the_start_only():
    parameter = torch.ones(2, dtype=torch.float64)
    seen = Seen(torch.ones(2, dtype=torch.float64), torch.tensor(0.0), torch.tensor(0))
    _, state = sgd_hd.update(seen, sgd_hd.init(parameter, sgd_hd.Hyper()), parameter, sgd_hd.Hyper())
    change, _ = sgd_hd.update(seen, state, parameter, sgd_hd.Hyper(0.5, 0.1))
    torch.testing.assert_close(change, -(0.5 + 0.1 * 2) * seen.gradient)
