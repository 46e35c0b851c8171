"""AdaBelief beside pytorch_optimizer, and what its formula promises."""

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adabelief, sgd

KEY = torch.zeros((), dtype=torch.int64)


@pytest.mark.parametrize("eps", [1e-12, 1e-3], ids="eps={:g}".format)
def test_follows_pytorch_optimizer(eps, steps, torch_steps, agrees):
    """A large eps shows both of its places: inside s, where it piles up, and beside the root."""
    path = steps(adabelief, adabelief.Hyper(0.02, 0.8, 0.95, eps))
    witness = torch_steps(
        lambda parameters: pytorch_optimizer.AdaBelief(parameters, lr=0.02, betas=(0.8, 0.95), eps=eps)
    )
    agrees(
        adabelief,
        "pytorch_optimizer.AdaBelief",
        path,
        witness,
        known="the authors' adabelief_pytorch rectifies by default, the paper's rule does not, nor do we; "
        "with rectify=False it walks the same (version 0.2.1, no test here runs it)",
    )


def test_without_momentum_is_sgd(steps):
    """Each gradient is its own mean, so s holds nothing but eps: after its correction, ε/(1-β₂)."""
    eps, beta2 = 1e-3, 0.9
    scale = (eps / (1 - beta2)) ** 0.5 + eps
    path = steps(adabelief, adabelief.Hyper(0.05 * scale, 0.0, beta2, eps))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-13)


def test_an_expected_gradient_makes_longer_steps_than_its_size_says():
    """Under a constant gradient g - m fades, so steps grow beyond lr, which Adam's never do."""
    gradient, hyper = torch.tensor([2.0], dtype=torch.float64), adabelief.Hyper(1.0, 0.9, 0.9)
    state = adabelief.init(gradient, hyper)
    sizes = []
    for _ in range(60):
        change, state = adabelief.update(Seen(gradient, KEY, KEY), state, gradient, hyper)
        sizes.append(-float(change))
    # 0.9ᵗ·2 is g - m, so s = Σ 0.1 · 0.9^(t-i) · 4 · 0.81ⁱ = 3.6·0.9ᵗ (1 - 0.9ᵗ) · 0.9
    for t, size in enumerate(sizes, start=1):
        spread = 4 * 0.1 * sum(0.9 ** (t - i) * 0.81**i for i in range(1, t + 1)) / (1 - 0.9**t)
        assert size == pytest.approx(2 / spread**0.5, rel=1e-9)
