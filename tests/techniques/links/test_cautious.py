"""The cautious mask beside the paper's algorithm and pytorch_optimizer's Lion, and what the mask promises."""

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.links import cautious
from shoal.techniques.optimizers import adam

SHAPES = [(3, 4), (6,)]


def _kept_of(parameters):
    return [(parameter.detach().clone(), parameter.grad.clone()) for parameter in parameters]


@pytest.mark.parametrize("eps", [1e-8, 0.05], ids="eps={}".format)
def test_follows_algorithm_1_on_adam(eps, chain_steps, torch_steps, agrees):
    """torch.optim.Adam makes the change u, the paper's line is done on it in plain floats."""

    def after(parameters, saved):
        for parameter, (start, gradient) in zip(parameters, saved, strict=True):
            u = (start - parameter).flatten().tolist()
            g = gradient.flatten().tolist()
            m = [1.0 if a * b > 0 else 0.0 for a, b in zip(u, g, strict=True)]
            mean = sum(m) / len(m)
            masked = [a * b / (mean + eps) for a, b in zip(u, m, strict=True)]
            parameter.copy_(start - torch.tensor(masked, dtype=torch.float64).view_as(start))

    ours = chain_steps(adam, adam.Hyper(0.05, 0.9, 0.95, 1e-3), cautious, cautious.Hyper(eps), SHAPES)
    theirs = torch_steps(
        lambda parameters: torch.optim.Adam(parameters, 0.05, (0.9, 0.95), 1e-3),
        SHAPES,
        before=_kept_of,
        after=after,
    )
    agrees(
        cautious,
        "algorithm 1 in plain floats behind torch.optim.Adam",
        ours,
        theirs,
        rtol=1e-9,
        known="the authors' first code and pytorch_optimizer divide by (kept + 1)/size, their later code by "
        "max(mean, 10⁻³), the paper's algorithm by mean + ε; we follow the algorithm",
    )


def test_follows_pytorch_optimizer_with_eps_of_one_over_size(torch_steps, agrees):
    """Its plain Lion makes the changes, which the link masks; its cautious Lion is the witness."""
    shapes, numbers = [(3, 4)], (0.02, (0.8, 0.95))

    def after(parameters, saved):
        for parameter, (start, gradient) in zip(parameters, saved, strict=True):
            seen = Seen(gradient, gradient.sum(), torch.tensor(0))
            own = cautious.Hyper(1 / 12)
            change, _ = cautious.apply(seen, parameter - start, cautious.init(start, own), start, own)
            parameter.copy_(start + change)

    ours = torch_steps(
        lambda parameters: pytorch_optimizer.Lion(parameters, *numbers), shapes, before=_kept_of, after=after
    )
    theirs = torch_steps(
        lambda parameters: pytorch_optimizer.Lion(parameters, *numbers, cautious=True), shapes
    )
    plain = torch_steps(lambda parameters: pytorch_optimizer.Lion(parameters, *numbers), shapes)
    agrees(cautious, "pytorch_optimizer.Lion(cautious=True)", ours, theirs)
    assert not torch.allclose(theirs[-1], plain[-1])


def test_no_weight_moves_along_its_gradient_and_none_where_one_is_zero():
    gradient = torch.tensor([1.0, -1.0, 1.0, 0.0, 1e-30], dtype=torch.float32)
    change = torch.tensor([-2.0, -2.0, 2.0, 2.0, -1e-30], dtype=torch.float32)
    own, seen = cautious.Hyper(1e-3), Seen(gradient, torch.tensor(0.0), torch.tensor(0))
    made, _ = cautious.apply(seen, change, cautious.State(), change, own)
    larger = 1 / (2 / 5 + 1e-3)
    torch.testing.assert_close(
        made, torch.tensor([-2.0 * larger, 0, 0, 0, -1e-30 * larger]), atol=0, rtol=1e-5
    )
    none, _ = cautious.apply(seen, gradient.clone(), cautious.State(), change, own)
    assert not none.any()
