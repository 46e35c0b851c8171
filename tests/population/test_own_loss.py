"""Training on a loss of one's own: equal to a loop with torch's autograd, alone and in company."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from population.members import PROGRAMS, alone, assert_same, begin, company, go_on, numbers
from shoal.errors import UserError
from shoal.population.evaluate import losses_and_scores
from shoal.population.gradient import gradient_program
from shoal.population.recipe import Job, Recipe
from shoal.population.template import template
from shoal.tasks.loaders import Task

X = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, :3] + 0.3 * X[:, 3:] > 0).float()
LOSS = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64))
OWN = Recipe("own", initializer="own", optimizer="sgd", batch_size=13, hyper={"sgd.lr": 0.5})


def network():
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))


def loss(outputs, targets):
    return (
        LOSS(outputs, targets) if outputs.dtype == torch.float64 else LOSS(outputs.double(), targets.double())
    )


@pytest.fixture(scope="module")
def task():
    return Task(network, (X, Y), loss=loss)


def test_steps_equal_a_loop_with_autograd_short_batches_included(task):
    training = begin(task, [Job("a", OWN, 3)])
    ours = network().double()
    (member,) = (training.stack.template.views(training.stack.flat.clone()),)
    with torch.no_grad():
        for parameter, value in zip(ours.parameters(), member, strict=True):
            parameter.copy_(value[0])
    table = training.batches.table([3], [0], 7)
    go_on(training, 7)
    for rows, weight in zip(table.rows, table.weight, strict=True):
        kept = rows[0][weight[0] > 0]
        gradients = torch.autograd.grad(
            LOSS(ours(X[kept].double()), Y[kept].double()), list(ours.parameters())
        )
        with torch.no_grad():
            for parameter, gradient in zip(ours.parameters(), gradients, strict=True):
                parameter -= 0.5 * gradient
    expected = torch.cat([parameter.detach().reshape(-1) for parameter in ours.parameters()])
    torch.testing.assert_close(training.stack.flat[0], expected, rtol=1e-10, atol=1e-12)
    assert any((weight == 0).any() for weight in table.weight)
    losses, scores = losses_and_scores(task, training.data, training.stack, "test")
    test = task.prepare(3).test
    with torch.no_grad():
        expected = float(LOSS(ours(X[test].double()), Y[test].double()))
    assert float(losses[0]) == pytest.approx(expected, rel=1e-10)
    assert torch.equal(losses, scores)


def test_a_member_alone_equals_itself_in_company(task):
    subject = Job("subject", OWN, 3)
    together = go_on(begin(task, company(subject)), 9)
    assert_same(numbers(together.stack, "subject"), alone(task, subject, 9))


def test_losses_share_no_program_with_others(task):
    """A loss is the user's code, so its program is not kept from process to process under a name."""
    other = Task(network, (X, Y), loss=F.binary_cross_entropy_with_logits)
    assert template(task, OWN).family != template(other, OWN).family
    recipe = Recipe(width=5, depth=1)
    plain, own = Task(None, (X, X[:, 0])), Task(None, (X, X[:, 0]), loss=F.huber_loss)
    assert template(plain, recipe).family != template(own, recipe).family
    assert gradient_program(template(plain, recipe), 8).kept
    assert not gradient_program(template(own, recipe), 8).kept


def test_shoals_own_network_trains_on_it():
    task = Task(None, (X, X[:, 0] * 4), loss=F.huber_loss, metric="mae")
    recipe = Recipe(width=5, depth=1, batch_size=13, optimizer="sgd", hyper={"sgd.lr": 0.1})
    training = begin(task, [Job("a", recipe, 1), Job("b", recipe, 2)])
    stack, data = training.stack, training.data
    program = PROGRAMS(stack, 13)[0]
    table = training.batches.table([1, 2], [0, 0], 1)
    key = torch.zeros(2, dtype=torch.int64)
    inputs = [*stack.template.views(stack.flat), data.x, data.y, table.rows[0], table.weight[0], key]
    _, value, *_ = program([*inputs, *stack.hyper.values()])
    for row in range(2):
        one, two, three, four = (view[row] for view in stack.template.views(stack.flat))
        made = torch.relu(data.x[table.rows[0][row]] @ one.T + two) @ three.T + four
        assert float(value[row]) == pytest.approx(
            float(F.huber_loss(made, data.y[table.rows[0][row]])), rel=1e-10
        )


def test_label_smoothing_of_the_catalogue_is_refused():
    task = Task(lambda: nn.Linear(6, 2), (X, Y[:, 0].long()), loss=nn.CrossEntropyLoss())
    with pytest.raises(UserError, match="has a loss of its own: leave it out"):
        template(task, OWN.with_hyper(label_smoothing__epsilon=0.1))
