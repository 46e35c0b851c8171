"""AdEMAMix beside pytorch_optimizer, and what its formula promises."""

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adamw, ademamix

KEY = torch.zeros((), dtype=torch.int64)


@pytest.mark.parametrize("warmup", [0, 17, 100], ids="warmup={}".format)
def test_follows_pytorch_optimizer(warmup, steps, torch_steps, agrees):
    """Without a warmup, with one that ends within the walk, and with one that does not."""
    path = steps(ademamix, ademamix.Hyper(0.02, 0.8, 0.95, 0.98, 4.0, 1e-3, 0.3, float(warmup)))
    witness = torch_steps(
        lambda parameters: pytorch_optimizer.AdEMAMix(
            parameters,
            lr=0.02,
            betas=(0.8, 0.95, 0.98),
            alpha=4.0,
            eps=1e-3,
            weight_decay=0.3,
            weight_decouple=True,
            t_alpha_beta3=warmup or None,
        )
    )
    agrees(ademamix, "pytorch_optimizer.AdEMAMix", path, witness)


def test_without_the_slow_mean_is_adamw(steps):
    path = steps(ademamix, ademamix.Hyper(0.02, 0.8, 0.95, 0.98, 0.0, 1e-3, 0.3))
    for one, other in zip(path, steps(adamw, adamw.Hyper(0.02, 0.8, 0.95, 1e-3, 0.3)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.9])
def test_memory_of_the_slow_mean_grows_evenly_from_that_of_the_fast_one(beta1):
    """1/ln β₃(t) is linear in t; seen from outside, as what is left of a slow mean of 1 after one step."""
    beta3, warmup, zero = 0.999, 50.0, torch.zeros((), dtype=torch.float64)
    hyper, kept = ademamix.Hyper(beta1=beta1, beta3=beta3, warmup=warmup), []
    for step in (0.0, 24.0, 49.0, 80.0):
        state = ademamix.State(zero + step, zero, zero + 1, zero)
        kept.append(ademamix.update(Seen(zero, KEY, KEY), state, zero, hyper)[1].slow)
    log1 = float(torch.tensor(beta1, dtype=torch.float64).log())
    log3 = float(torch.tensor(beta3, dtype=torch.float64).log())
    memory = [(1 - share) / log1 + share / log3 for share in (0.02, 0.5, 1.0, 1.0)]
    expected = torch.tensor([1 / one for one in memory], dtype=torch.float64).exp()
    torch.testing.assert_close(torch.stack(kept), expected, rtol=1e-12, atol=0)


def test_slow_mean_in_float32_takes_in_what_it_does_in_float64():
    """1 - β₃(t) of a β₃(t) in float32 would be off by parts in a thousand."""
    taken = []
    for dtype in (torch.float32, torch.float64):
        gradient, hyper = torch.ones(1, dtype=dtype), ademamix.Hyper(beta3=0.9999, warmup=1000.0)
        state = ademamix.init(gradient, hyper)._replace(step=torch.tensor(990.0, dtype=dtype))
        taken.append(ademamix.update(Seen(gradient, KEY, KEY), state, gradient, hyper)[1].slow.double())
    torch.testing.assert_close(taken[0], taken[1], rtol=1e-6, atol=0)
