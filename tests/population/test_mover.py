"""Rules put together in the engine, against plain torch loops with other packages' optimizers, float64."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import pytorch_optimizer
import schedulefree
import torch
from torch import Tensor, nn

from population.members import LONG, begin, go_on, table
from population.test_train import perceptron
from shoal.errors import UserError
from shoal.population.planner import stack_key
from shoal.population.randomness import order
from shoal.population.recipe import Job, Recipe
from shoal.population.train import Training

TASK = table()
RECIPE = Recipe(width=8, batch_size=16, epochs=LONG)
STEPS = 32
Loss = Callable[[], Tensor]


def job(optimizer: str, **hyper: float) -> Job:
    named = {name.replace("__", "."): value for name, value in hyper.items()}
    return Job("subject", replace(RECIPE, optimizer=optimizer, hyper=named), 3)


def plain(one: Job) -> tuple[nn.Module, Iterator[Loss]]:
    """torch's layers with the member's first weights, and for each step its loss on the member's batch."""
    network = perceptron(False, 3).double()
    first = begin(TASK, [one]).stack
    for value, drawn in zip(network.parameters(), first.template.views(first.flat), strict=True):
        value.data.copy_(drawn[0])

    def losses() -> Iterator[Loss]:
        prepared = TASK.prepare(one.seed)
        x, y = prepared.x.double(), prepared.y
        for epoch in range(1000):
            for rows in prepared.train[order(one.seed, epoch, len(prepared.train))].split(16):
                yield lambda rows=rows: nn.functional.cross_entropy(network(x[rows]), y[rows])

    return network, losses()


def assert_equal(training: Training, weights: list[Tensor], rtol: float = 1e-9) -> None:
    ended = training.stack.evaluated()
    for own, other in zip(ended.template.views(ended.flat), weights, strict=True):
        torch.testing.assert_close(own[0], other.detach(), rtol=rtol, atol=rtol / 10)


def walk(one: Job, step: Callable[[Any, Loss], None], make: Callable[[nn.Module], Any]) -> list[Tensor]:
    """The plain network's weights after ``STEPS`` steps."""
    network, losses = plain(one)
    optimizer = make(network)
    for _ in range(STEPS):
        step(optimizer, next(losses))
    return list(network.parameters())


def closed(optimizer: torch.optim.Optimizer, loss: Loss) -> None:
    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    closure()
    optimizer.step(closure)


def test_parameters_by_role_are_torchs_groups():
    one = job("matrix:momentum|bias:sgd|adam", matrix__momentum__lr=0.03, bias__sgd__lr=0.2, adam__lr=0.01)

    def make(network: nn.Module) -> list[torch.optim.Optimizer]:
        *matrices, head = [value for value in network.parameters() if value.ndim == 2]
        biases = [value for value in network.parameters() if value.ndim == 1]
        optim = torch.optim
        return [optim.SGD(matrices, 0.03, momentum=0.9), optim.SGD(biases, 0.2), optim.Adam([head], 0.01)]

    def step(optimizers: list[torch.optim.Optimizer], loss: Loss) -> None:
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss().backward()
        for optimizer in optimizers:
            optimizer.step()

    assert_equal(go_on(begin(TASK, [one]), STEPS), walk(one, step, make))


def test_sam_takes_its_second_gradient_on_the_same_batch():
    one = job("sam+momentum", sam__rho=0.3, momentum__lr=0.05)

    def make(network: nn.Module) -> torch.optim.Optimizer:
        parameters = list(network.parameters())
        return pytorch_optimizer.SAM(parameters, torch.optim.SGD, rho=0.3, lr=0.05, momentum=0.9)

    rounded = 1e-5  # the package takes the norm in float32
    assert_equal(go_on(begin(TASK, [one]), STEPS), walk(one, closed, make), rounded)


def test_schedule_free_is_scored_at_its_average():
    one = job("schedule_free_sgd", schedule_free_sgd__lr=0.4)
    training = go_on(begin(TASK, [one]), STEPS)

    def make(network: nn.Module) -> torch.optim.Optimizer:
        made = schedulefree.SGDScheduleFree(network.parameters(), lr=0.4)
        made.train()
        kept.append(made)
        return made

    kept: list[Any] = []
    weights = walk(one, closed, make)
    trained = training.stack.template.views(training.stack.flat)
    assert not torch.allclose(trained[0], training.stack.template.views(training.stack.evaluated().flat)[0])
    for own, other in zip(trained, weights, strict=True):
        torch.testing.assert_close(own[0], other.detach(), rtol=1e-9, atol=1e-10)
    kept[0].eval()
    assert_equal(training, weights)


def test_the_next_rule_begins_where_the_last_one_was_scored():
    one = job("schedule_free_sgd>sgd@0.5", schedule_free_sgd__lr=0.4, sgd__lr=0.1)
    one = one._replace(recipe=replace(one.recipe, epochs=10))
    scored = go_on(begin(TASK, [one]), 20).stack
    assert scored.rules == ["sgd"]
    alone = go_on(begin(TASK, [job("schedule_free_sgd", schedule_free_sgd__lr=0.4)]), 20).stack
    torch.testing.assert_close(scored.flat, alone.evaluated().flat, rtol=1e-12, atol=1e-12)


def test_a_chain_goes_from_gradient_to_change():
    one = job("centralize+sgd+lookahead", sgd__lr=0.3, lookahead__k=4.0, lookahead__alpha=0.7)

    def make(network: nn.Module) -> list[Any]:
        parameters = list(network.parameters())
        return [parameters, [value.detach().clone() for value in parameters], 0]

    def step(kept: list[Any], loss: Loss) -> None:
        parameters, slow, _ = kept
        gradients = torch.autograd.grad(loss(), parameters)
        kept[2] += 1
        for value, own, gradient in zip(parameters, slow, gradients, strict=True):
            centered = gradient - gradient.mean(1, keepdim=True) if gradient.ndim > 1 else gradient
            value.data -= 0.3 * centered
            if kept[2] % 4 == 0:
                own += 0.7 * (value.data - own)
                value.data.copy_(own)

    assert_equal(go_on(begin(TASK, [one]), STEPS), walk(one, step, make))


def test_rules_that_see_a_network_whole_are_not_padded_into_a_wider_one():
    def key(optimizer: str, width: int) -> Any:
        return stack_key(TASK, replace(RECIPE, optimizer=optimizer, width=width))

    assert key("adam", 5) == key("sgd", 8)
    assert key("lamb", 5) != key("lamb", 8)
    assert key("centralize+adam", 5) != key("adam", 5)
    assert key("adam+top_gradients", 5) != key("adam", 5)
    assert key("matrix:lamb|adam", 5) != key("adam", 5)


def test_a_role_that_the_network_lacks_is_refused():
    with pytest.raises(
        UserError, match="rule for norm, and the network has only parameters of matrix, bias, head"
    ):
        begin(TASK, [job("norm:sgd|adam")])
