"""Gradient descent: SGD's rule, and a recipe that hands it every row."""

import torch

from shoal.techniques.optimizers import gradient_descent, sgd


def test_follows_torch(steps, torch_steps, agrees):
    path = steps(gradient_descent, gradient_descent.Hyper(lr=0.03))
    witness = torch_steps(lambda parameters: torch.optim.SGD(parameters, lr=0.03))
    agrees(gradient_descent, "torch.optim.SGD", path, witness, rtol=1e-12)


def test_is_sgd_on_the_whole_training_set(steps):
    for one, other in zip(
        steps(gradient_descent, gradient_descent.Hyper(0.05)), steps(sgd, sgd.Hyper(0.05)), strict=True
    ):
        assert torch.equal(one, other)
    assert gradient_descent.CARD.recipe == {"batch_size": "all"}


def test_quadratic_shrinks_by_its_known_factor():
    """On f = a θ²/2 a step multiplies θ by 1 - ηa: it converges exactly when η < 2/a."""
    from shoal.techniques.kinds import Seen

    curvature = torch.tensor([1.0, 10.0, 19.0, 21.0], dtype=torch.float64)
    parameter, hyper = torch.ones(4, dtype=torch.float64), gradient_descent.Hyper(0.1)
    for _ in range(50):
        seen = Seen(curvature * parameter, torch.zeros(()), torch.zeros((), dtype=torch.int64))
        change, _ = gradient_descent.update(seen, gradient_descent.State(), parameter, hyper)
        parameter = parameter + change
    torch.testing.assert_close(parameter, (1 - 0.1 * curvature) ** 50, rtol=1e-10, atol=1e-14)
    assert (parameter.abs() < 1).tolist() == [True, True, True, False]
