"""The elastic net beside the optimum that scikit-learn finds for the same objective, and its two ends."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import ElasticNet

from shoal.techniques.regularizers import elastic_net

INPUTS = np.random.default_rng(1).normal(size=(40, 8))
TARGETS = INPUTS @ np.array([2.0, -1.5, 0.4, 0, 0, 0, 0.05, 0]) + np.random.default_rng(2).normal(size=40)


@pytest.mark.parametrize(("alpha", "ratio"), [(0.1, 0.3), (0.3, 0.7), (0.02, 0.5)])
def test_scikit_learns_optimum_is_the_penaltys(alpha, ratio):
    """Where a weight is not zero the slope vanishes; at zero the loss' slope is below the L1 part's pull."""
    found = ElasticNet(alpha=alpha, l1_ratio=ratio, fit_intercept=False, tol=1e-14, max_iter=100000)
    weights = torch.tensor(found.fit(INPUTS, TARGETS).coef_, requires_grad=True)
    loss = (torch.tensor(INPUTS) @ weights - torch.tensor(TARGETS)).square().mean() / 2
    penalty = elastic_net.penalty(weights, "matrix", elastic_net.Hyper(alpha, ratio))
    (slope,) = torch.autograd.grad(loss + penalty, weights)
    moved = weights != 0
    assert 0 < moved.sum() <= 8
    assert slope[moved].abs().max() < 1e-8
    assert (slope[~moved].abs() <= alpha * ratio).all()


def test_equals_plain_python(agrees_at):
    weights = torch.linspace(-1.5, 2.0, 12, dtype=torch.float64).view(4, 3)
    expected = sum(0.3 * (0.2 * abs(w) + 0.8 / 2 * w**2) for w in weights.flatten().tolist())
    found = elastic_net.penalty(weights, "head", elastic_net.Hyper(0.3, 0.2))
    agrees_at(elastic_net, "plain floats", [found.item()], [expected], rtol=1e-14)


@pytest.mark.parametrize("role", ["bias", "norm", "activation"])
def test_what_is_no_weight_costs_nothing(role):
    assert elastic_net.penalty(torch.ones(5), role, elastic_net.Hyper(10.0)) == 0
