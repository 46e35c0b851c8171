"""The symmetric beta distribution beside scipy's."""

import numpy as np
import pytest
import torch
from scipy import stats

from shoal.techniques.numerics import beta

UNIFORM = torch.from_numpy(np.random.default_rng(0).uniform(size=(2, 20_000)))


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1.0, 2.7, 30.0])
def test_is_the_beta_distribution(alpha):
    made = beta.symmetric(*UNIFORM, alpha).numpy()
    assert stats.kstest(made, stats.beta(alpha, alpha).cdf).pvalue > 0.001
    assert made.var() == pytest.approx(1 / (8 * alpha + 4), rel=0.05)


def test_alphas_may_be_tensors_and_zero_is_all_or_nothing():
    each = torch.tensor([0.2, 1.0]).double()
    both = torch.stack([beta.symmetric(UNIFORM[0, :2], UNIFORM[1, :2], one) for one in each])
    assert torch.equal(beta.symmetric(UNIFORM[0, :2], UNIFORM[1, :2], each), both.diagonal())
    assert set(beta.symmetric(*UNIFORM, torch.tensor(0.0)).tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("alpha", [0.0, 1e-3, 1.0, 1e4])
def test_the_ends_of_the_noise_stay_inside(alpha):
    ends = torch.tensor([2.0**-24, 0.25, 1 - 2.0**-24])
    made = beta.symmetric(ends[:, None], ends, torch.tensor(alpha))
    assert made.isfinite().all() and made.min() >= 0 and made.max() <= 1
