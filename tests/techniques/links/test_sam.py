"""SAM beside pytorch_optimizer's, on a loss whose gradient is known everywhere."""

import pytest
import pytorch_optimizer
import torch
from pytorch_optimizer.optimizer import sam as reference

from shoal.techniques.kinds import Seen
from shoal.techniques.links import sam
from shoal.techniques.optimizers import adam, momentum

SHAPES = [(12,)]


@pytest.fixture
def float64_norm(monkeypatch):
    """pytorch_optimizer takes the gradient's norm in float32, whatever the parameters are."""

    def squared(groups, weight_adaptive):
        return sum(p.grad.square().sum() for group in groups for p in group["params"]).view(1)

    monkeypatch.setattr(reference, "get_global_gradient_norm", squared)


def _walk(gradient_at, start, make, count=40):
    """pytorch_optimizer.SAM with the gradients of both evaluations from ``gradient_at``."""
    parameter = start.clone().requires_grad_()
    optimizer, path = make([parameter]), []
    for step in range(count):

        def evaluate(step=step):
            parameter.grad = gradient_at(parameter.detach(), step)

        evaluate()
        optimizer.step(evaluate)
        path.append(parameter.detach().clone())
    return path


@pytest.mark.parametrize("rho", [0.02, 0.4], ids="rho={}".format)
@pytest.mark.parametrize(
    ("rule", "hyper", "base", "numbers"),
    [
        (momentum, momentum.Hyper(0.03, 0.8), torch.optim.SGD, {"lr": 0.03, "momentum": 0.8}),
        (
            adam,
            adam.Hyper(0.03, 0.8, 0.95, 1e-3),
            torch.optim.Adam,
            {"lr": 0.03, "betas": (0.8, 0.95), "eps": 1e-3},
        ),
    ],
    ids=["momentum", "adam"],
)
def test_follows_pytorch_optimizer(
    rho, rule, hyper, base, numbers, chain_steps, gradient, start, float64_norm, agrees
):
    agrees(
        sam,
        f"pytorch_optimizer.SAM(torch.optim.{base.__name__})",
        chain_steps(rule, hyper, sam, sam.Hyper(rho), SHAPES),
        _walk(gradient, start, lambda parameters: pytorch_optimizer.SAM(parameters, base, rho, **numbers)),
        known="it takes the gradient's norm in float32, some 10⁻⁷ off; the test gives it one in float64",
    )


def test_looks_rho_away_along_the_gradient_and_nowhere_without_one():
    parameter, hyper = torch.tensor([1.0, 1.0], dtype=torch.float64), sam.Hyper(0.5)
    for gradient, point in (([3.0, -4.0], [1.3, 0.6]), ([0.0, 0.0], [1.0, 1.0])):
        seen = Seen(torch.tensor(gradient, dtype=torch.float64), torch.tensor(0.0), torch.tensor(0))
        state = sam.probe(seen, sam.init(parameter, hyper), parameter, hyper)
        expected = torch.tensor(point, dtype=torch.float64)
        torch.testing.assert_close(sam.look(state, parameter, hyper), expected)


def test_without_radius_it_is_the_rule_alone(chain_steps, torch_steps):
    ours = chain_steps(momentum, momentum.Hyper(0.03, 0.8), sam, sam.Hyper(0.0), SHAPES)
    plain = torch_steps(lambda parameters: torch.optim.SGD(parameters, 0.03, 0.8), SHAPES)
    for one, other in zip(ours, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)
