"""Whole training steps against plain torch: its layers, its optimizers, float64, a loop over batches."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from population.members import LONG, begin, go_on, numbers, table
from shoal.errors import UserError
from shoal.population.evaluate import losses_and_scores
from shoal.population.programs import Programs
from shoal.population.randomness import order
from shoal.population.recipe import Job, Recipe
from shoal.population.train import StoppedError, start
from shoal.tasks.arrays import from_arrays

OPTIMIZERS: dict[str, tuple[dict[str, float], Callable[..., torch.optim.Optimizer]]] = {
    "sgd": ({"sgd.lr": 0.3}, lambda p: torch.optim.SGD(p, 0.3)),
    "momentum": (
        {"momentum.lr": 0.05, "momentum.momentum": 0.8},
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.8),
    ),
    "nesterov": (
        {"nesterov.lr": 0.05, "nesterov.momentum": 0.8},
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, nesterov=True),
    ),
    "adam": (
        {"adam.lr": 0.02, "adam.beta1": 0.8, "adam.beta2": 0.95, "adam.eps": 1e-6},
        lambda p: torch.optim.Adam(p, 0.02, (0.8, 0.95), 1e-6),
    ),
    "adamw": (
        {"adamw.lr": 0.02, "adamw.weight_decay": 0.3},
        lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.3),
    ),
    "rmsprop": (
        {"rmsprop.lr": 0.003, "rmsprop.alpha": 0.9},
        lambda p: torch.optim.RMSprop(p, 0.003, alpha=0.9),
    ),
}
IMAGES = (6, 6)


def perceptron(normalized: bool, outputs: int) -> nn.Module:
    """torch's own layers in the order of shoal's MLP of width 8 and depth 2."""
    layers: list[nn.Module] = []
    for inputs in (6, 8):
        layers += [nn.Linear(inputs, 8, bias=not normalized)]
        layers += [nn.BatchNorm1d(8)] * normalized + [nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(8, outputs))


def convolutions(normalized: bool, outputs: int) -> nn.Module:
    """torch's own layers in the order of shoal's ConvNet of width 3 and depth 2, for 6×6 images."""
    layers: list[nn.Module] = [nn.Unflatten(0, (-1, 1))]
    for channels, wide in ((1, 3), (3, 6)):
        layers += [nn.Conv2d(channels, wide, 3, padding=1, bias=not normalized)]
        layers += [nn.BatchNorm2d(wide)] * normalized + [nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(6, outputs))


def plain_loop(
    task, job, network: nn.Module, make, steps: int, scale=None
) -> tuple[list[Tensor], list[Tensor]]:
    """A training loop as people write it, from the member's own first weights; parameters and buffers."""
    network.double().train()
    first = begin(task, [job]).stack
    for value, drawn in zip(network.parameters(), first.template.views(first.flat), strict=True):
        value.data.copy_(drawn[0])
    optimizer = make(network.parameters())
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, scale or (lambda step: 1.0))
    prepared = task.prepare(job.seed)
    batch = len(prepared.train) if job.recipe.batch_size == "all" else job.recipe.batch_size
    done = 0
    for epoch in range(steps):
        shuffled = prepared.train[order(job.seed, epoch, len(prepared.train))]
        for rows in shuffled.split(batch):
            if done == steps:
                break
            output, y = network(prepared.x[rows].double()), prepared.y[rows]
            classes = task.kind == "classification"
            loss = nn.functional.cross_entropy(output, y) if classes else ((output - y.double()) ** 2).mean()
            weights = [value for value in network.parameters() if value.ndim > 1]
            loss = loss + job.recipe.hyper.get("l2.coefficient", 0) / 2 * sum((w**2).sum() for w in weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
    assert done == steps
    moving = [value for name, value in network.named_buffers() if "running" in name]
    return list(network.parameters()), moving


def assert_equals_loop(task, job, network, make, scale=None, steps=30):
    stack = go_on(begin(task, [job]), steps).stack
    parameters, buffers = plain_loop(task, job, network, make, steps, scale)
    for name, own, plain in zip(
        stack.template.shapes, stack.template.views(stack.flat), parameters, strict=True
    ):
        torch.testing.assert_close(
            own[0], plain.data, rtol=1e-8, atol=1e-8, msg=lambda m, n=name: f"{n}: {m}"
        )
    for own, plain in zip(stack.buffers.values(), buffers, strict=True):
        torch.testing.assert_close(own[0], plain, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("normalized", [False, True])
def test_steps_equal_a_plain_torch_loop(name, normalized):
    hyper, make = OPTIMIZERS[name]
    recipe = Recipe(
        width=8, batch_size=16, epochs=LONG, optimizer=name, hyper={**hyper, "l2.coefficient": 0.05}
    )
    recipe = replace(recipe, normalization="batch_norm" if normalized else "none")
    assert_equals_loop(table(), Job("one", recipe, 3), perceptron(normalized, 3), make)


def test_convolutions_equal_a_plain_torch_loop():
    recipe = Recipe("convnet", 3, 2, normalization="batch_norm", batch_size=16, epochs=LONG)
    recipe = replace(recipe, optimizer="momentum", hyper={"momentum.lr": 0.05, "momentum.momentum": 0.8})
    job = Job("one", recipe, 3)
    assert_equals_loop(table(features=IMAGES), job, convolutions(True, 3), OPTIMIZERS["momentum"][1])


def test_regression_equals_a_plain_torch_loop():
    recipe = Recipe(width=8, batch_size=16, epochs=LONG, optimizer="sgd", hyper={"sgd.lr": 0.1})
    task = table(classes=None)
    assert_equals_loop(task, Job("one", recipe, 3), perceptron(False, 2), lambda p: torch.optim.SGD(p, 0.1))


def test_a_cosine_schedule_equals_torchs_multiplier():
    recipe = Recipe(
        width=8, batch_size=16, epochs=10, optimizer="sgd", schedule="cosine", hyper={"sgd.lr": 0.3}
    )
    task = table()
    steps = 10 * math.ceil(task.train_rows / 16)
    assert_equals_loop(
        task,
        Job("one", recipe, 3),
        perceptron(False, 3),
        OPTIMIZERS["sgd"][1],
        scale=lambda step: (1 + math.cos(math.pi * step / steps)) / 2,
        steps=steps - 1,  # at the last step the member ends and leaves its stack
    )


def test_gradient_descent_sees_all_training_rows_at_once():
    recipe = Recipe(width=8, batch_size="all", epochs=LONG, optimizer="gradient_descent")
    recipe = recipe.with_hyper(gradient_descent__lr=0.3)
    assert_equals_loop(table(), Job("one", recipe, 3), perceptron(False, 3), OPTIMIZERS["sgd"][1])


def stopping(**hyper: float) -> Recipe:
    recipe = Recipe(width=8, batch_size=16, epochs=40, optimizer="sgd", normalization="batch_norm")
    named = {f"early_stopping.{name}": value for name, value in hyper.items()}
    return replace(recipe, controller="early_stopping", hyper={"sgd.lr": 1.0, **named})


def test_early_stopping_gives_the_best_weights_with_their_own_buffers():
    task, job = table(), Job("one", stopping(patience=3), 4)
    (outcome,) = begin(task, [job]).run()
    free = begin(task, [job._replace(recipe=replace(job.recipe, controller="none"))])
    epoch = math.ceil(task.train_rows / 16)
    best, waited, seen = math.inf, 0, 0
    while waited < 3:
        go_on(free, epoch)
        seen += 1
        valid = float(losses_and_scores(task, free.data, free.stack, "valid")[0][0])
        waited = 0 if valid < best else waited + 1
        if valid < best:
            best = valid
            both = (losses_and_scores(task, free.data, free.stack, part)[1] for part in ("train", "test"))
            expected = [float(scores) for scores in both]
    assert seen > 4, "the best weights must not be the last ones, nor the first"
    assert outcome.steps == seen * epoch
    assert outcome.valid_loss == pytest.approx(best, rel=1e-12)
    assert [outcome.train_score, outcome.test_score] == pytest.approx(expected)


def test_one_member_stopping_early_leaves_the_others_training():
    task = table()
    jobs = [Job("patient", stopping(patience=30), 4), Job("hasty", stopping(patience=2), 4)]
    outcomes = {one.name: one for one in begin(task, jobs).run()}
    for job in jobs:
        (single,) = begin(task, [job]).run()
        assert outcomes[job.name].steps == single.steps
    assert outcomes["hasty"].steps < outcomes["patient"].steps


@pytest.mark.parametrize("short", [1, 3, 20])
def test_a_divergence_is_told_alike_whatever_the_neighbors(short):
    """When a member has diverged does not depend on when its neighbors end."""
    task = table(classes=None)
    recipe = Recipe(width=8, batch_size=16, epochs=40, optimizer="sgd", hyper={"sgd.lr": 1e30})
    wild, calm = Job("wild", recipe, 3), Job("calm", replace(recipe, epochs=short, hyper={"sgd.lr": 1e-3}), 5)
    (single,) = begin(task, [wild]).run()
    together = {one.name: one for one in begin(task, [calm, wild]).run()}
    assert single.diverged and together["wild"].diverged and not together["calm"].diverged
    assert together["wild"].steps == single.steps
    assert math.isnan(single.test_score) and math.isnan(together["wild"].test_score)


def test_stopping_is_asked_at_every_step():
    task, asked = table(), 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    training = begin(task, [Job("one", Recipe(width=8, batch_size=16), 3)])
    with pytest.raises(StoppedError):
        list(training.run(stop))
    assert asked == 6


def test_two_small_batches_are_one_large_one():
    """Rows are consumed by position: where nothing moves, the gradient of 32 is the mean of 16 and 16."""
    task = table()
    recipe = Recipe(width=8, batch_size=16, epochs=LONG, optimizer="momentum")
    still = recipe.with_hyper(momentum__lr=1e-300, momentum__momentum=0.0)
    buffers = []
    for batch, steps in ((16, (1, 1)), (32, (1,))):
        training = begin(task, [Job("one", replace(still, batch_size=batch), 3)])
        buffers.append([numbers(go_on(training, more).stack, "one")["optimizer/0"] for more in steps])
    torch.testing.assert_close((buffers[0][0] + buffers[0][1]) / 2, buffers[1][0], rtol=1e-12, atol=1e-14)


def test_a_controller_without_validation_rows_is_refused():
    task = from_arrays(torch.randn(60, 4), torch.arange(60) % 2, valid_share=0)
    recipe = Recipe(width=4, epochs=1, controller="early_stopping")
    with pytest.raises(UserError, match=r"early_stopping.* needs validation rows"):
        start(task, [Job("one", recipe, 0)], Programs())


class Rooted(nn.Module):
    """Its output is finite, and the gradient of a root at 0 is not."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(x) + (0 * self.last.bias).sqrt()


@pytest.mark.parametrize("optimizer", ["sgd", "lion", "adam+top_gradients"])
def test_a_gradient_that_is_not_a_number_is_a_divergence(optimizer):
    recipe = Recipe(network="own", initializer="own", optimizer=optimizer, batch_size=16, epochs=3)
    (outcome,) = begin(table(network=Rooted), [Job("rooted", recipe, 3)]).run()
    assert outcome.diverged and outcome.steps == 1
