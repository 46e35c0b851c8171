"""Zero residual: He's weights, branches that are nothing at first, and a network that learns all the same."""

import pytest
import torch
from torch import nn

from population.members import begin, go_on, table
from shoal.errors import UserError
from shoal.population.recipe import Job, Recipe
from shoal.population.template import initial, template
from shoal.techniques.initializers import zero_residual

DEEP = Recipe(
    width=8, depth=4, residual=True, initializer="zero_residual", batch_size="all", optimizer="sgd"
).with_hyper(sgd__lr=0.1)
SCALES = [f"hidden.{layer}.2.weight" for layer in (1, 2, 3)]


class Plain(nn.Module):
    """ReZero written in plain torch, its parameters in the order of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.branches = nn.ModuleList()
        for _ in range(3):
            branch = nn.Linear(8, 8)
            branch.scale = nn.Parameter(torch.zeros(1))
            self.branches.append(branch)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.relu(self.first(x))
        for branch in self.branches:
            x = x + branch.scale * torch.relu(branch(x))
        return self.head(x)

    def ordered(self) -> list[nn.Parameter]:
        found = [self.first.weight, self.first.bias]
        for branch in self.branches:
            found += [branch.weight, branch.bias, branch.scale]
        return [*found, self.head.weight, self.head.bias]


def test_weights_are_hes():
    ours = zero_residual.draw((5, 7, 3), torch.Generator().manual_seed(7), zero_residual.Hyper())
    source = torch.Generator().manual_seed(7)
    witness = nn.init.kaiming_normal_(torch.empty(5, 7, 3), nonlinearity="relu", generator=source)
    assert torch.equal(ours, witness)


def test_scales_start_at_zero_and_are_no_weights():
    made = template(table(), DEEP)
    flat, _ = initial(table(), DEEP, 3)
    pieces = dict(zip(made.shapes, flat.split(made.sizes), strict=True))
    scales = [name for name, piece in pieces.items() if piece.numel() == 1]
    assert scales == SCALES and not any(pieces[name].any() for name in scales)
    assert {made.roles[name] for name in scales} == {"norm"}


def test_thirty_steps_are_those_of_plain_torch():
    task = table()
    training = begin(task, [Job("one", DEEP, 3)])
    plain = Plain().double()
    with torch.no_grad():
        views = training.stack.template.views(training.stack.flat)
        for own, other in zip(plain.ordered(), views, strict=True):
            own.copy_(other[0])
    prepared = task.prepare(3)
    x, y = prepared.x[prepared.train].double(), prepared.y[prepared.train]
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        nn.functional.cross_entropy(plain(x), y).backward()
        optimizer.step()
        go_on(training, 1)
        expected = torch.cat([one.detach().flatten() for one in plain.ordered()])
        torch.testing.assert_close(training.stack.flat[0], expected, rtol=1e-9, atol=1e-11)
    assert all(float(branch.scale.detach().abs()) > 1e-3 for branch in plain.branches)


@pytest.mark.parametrize(
    "changes", [{"residual": False}, {"depth": 1}, {"network": "convnet"}], ids=["plain", "shallow", "images"]
)
def test_a_network_without_branches_is_refused(changes):
    recipe = Recipe(**{"residual": True, "initializer": "zero_residual", **changes})
    with pytest.raises(UserError, match=r"'zero_residual' starts residual branches.*set network=mlp, resid"):
        template(table(features=(6, 6)), recipe)
