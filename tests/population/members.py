"""Small tasks, recipes from the catalogue, and how a member's numbers are read out of a stack."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from shoal import catalogue
from shoal.artifact.network import scales_branches
from shoal.population.programs import Programs
from shoal.population.recipe import Job, Recipe
from shoal.population.stack import Stack
from shoal.population.train import Training, start
from shoal.tasks.arrays import from_arrays
from shoal.tasks.task import Prepared, Task

PROGRAMS = Programs(torch.float64)  # traced once for all tests of this folder
LONG = 1e6  # epochs: longer than any test trains
PLACES = {one.name for one in fields(Recipe)}


def table(
    rows: int = 80, features: tuple[int, ...] = (6,), classes: int | None = 3, network: Any = None
) -> Task:
    """Random rows, with classes that depend on them, or with two targets where ``classes`` is None."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(rows, *features, generator=generator)
    mixed = x.flatten(1) @ torch.randn(x[0].numel(), classes or 2, generator=generator)
    mixed = mixed + torch.randn(mixed.shape, generator=generator)
    y = mixed.argmax(1) if classes else 3 * mixed + 7
    return from_arrays(x, y, network, classes=classes)


class Own(nn.Module):
    """A user's module with torch's own batch normalization and dropout; a used layer is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 9, bias=False)
        self.norm = nn.BatchNorm1d(9, momentum=0.3)
        self.drop = nn.Dropout(0.3)
        self.last = nn.Linear(9, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.drop(torch.tanh(self.norm(self.first(x)))))


class OwnImages(nn.Module):
    """A user's convolutional module with torch's own batch normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(64, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.norm(self.first(x[:, None]))).flatten(1))


class Recurrent(nn.Module):
    """What vmap cannot carry."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 5, batch_first=True)
        self.last = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.lstm(x)[0][:, -1])


class Words(nn.Module):
    """A user's module that takes token numbers below 9."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.last = nn.Embedding(9, 4), nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.words(x.long().clamp(0, 8)).flatten(1))


def words() -> Task:
    """Rows of six tokens, of which about every third fills up, and the module that takes them."""
    made = table(network=Words)

    def prepare(seed: int) -> Prepared:
        rows = made.prepare(seed)
        return rows._replace(x=(3 * rows.x[:].abs()).floor().clamp(max=8))

    return replace(made, prepare=prepare, vocabulary=9)


def fitting(kind: str, name: str, base: Recipe) -> tuple[Task, Recipe]:
    """A small task whose inputs the technique is for, and ``base`` with a network for it."""
    inputs = getattr(catalogue.find(kind, name), "INPUTS", "numbers")
    if inputs == "tokens":
        return words(), replace(base, network="own", initializer="own")
    return table(features=(2, 5, 4) if inputs == "image" else (6,)), base


def hyper_of(kind: str, name: str, share: float) -> dict[str, float]:
    """Every searched hyperparameter of a technique at ``share`` of its range, as a recipe spells them."""
    card = catalogue.find(kind, name).CARD
    found = {}
    for field, bounds in card.ranges.items():
        low, high = bounds.low, bounds.high
        value = low * (high / low) ** share if bounds.log else low + (high - low) * share
        found[f"{name}.{field}"] = value
    return found


def recipe_with(kind: str, name: str, base: Recipe, share: float) -> Recipe:
    """``base`` with this technique, its hyperparameters away from their defaults."""
    fixed = dict(catalogue.find(kind, name).CARD.recipe)
    # an augmentation or regularizer is on when its number stands in hyper
    chosen: dict[str, Any] = {kind: name} if kind in PLACES else {}
    if kind == "link":
        behind = catalogue.find(kind, name).PLACE == "change"
        chosen["optimizer"] = f"{base.optimizer}+{name}" if behind else f"{name}+{base.optimizer}"
    if getattr(catalogue.find(kind, name), "PLACE", "") == "branch" or scales_branches(name):
        chosen["residual"] = True
    return replace(base, **chosen, **fixed, hyper={**base.hyper, **hyper_of(kind, name, share)})


def neighbors(of: Recipe, count: int) -> list[Recipe]:
    """Recipes of the same stack that differ from ``of`` in all that may differ: optimizers,
    schedules and initializers from all over the catalogue, and every hyperparameter moves."""
    found = []
    for number in range(count):
        other = of
        share = 0.2 + 0.5 * number / count
        for kind in ("optimizer", "schedule", "initializer"):
            names = catalogue.names(kind)
            if kind == "initializer":  # scales of branches are parameters: such networks stand alone
                scaled = scales_branches(of.initializer)
                names = tuple(one for one in names if scales_branches(one) == scaled)
            batch = other.batch_size
            other = replace(
                recipe_with(kind, names[number * len(names) // count], other, share), batch_size=batch
            )
        moved = {
            key: hyper_of(kind, key.partition(".")[0], share).get(key, value)
            for key, value in other.hyper.items()
            for kind in catalogue.kinds()
            if key.partition(".")[0] in catalogue.names(kind)
        }
        found.append(replace(other, hyper=moved))
    return found


def company(subject: Job, count: int = 7, epochs: float = LONG) -> list[Job]:
    """``subject`` in the middle of ``count`` others of its stack, one of them with the same seed."""
    others = [
        Job(f"other/{number}", replace(recipe, epochs=epochs), subject.seed if number == 1 else 100 + number)
        for number, recipe in enumerate(neighbors(subject.recipe, count))
    ]
    return [*others[: count // 2], subject, *others[count // 2 :]]


def begin(task: Task, jobs: Sequence[Job]) -> Training:
    """A training in float64."""
    return start(task, list(jobs), PROGRAMS, dtype=torch.float64)


def go_on(training: Training, steps: int) -> Training:
    """``steps`` more steps of every member; members that end on the way leave."""
    for _ in training.run(steps=steps):
        pass
    return training


def alone(task: Task, job: Job, steps: int) -> dict[str, Tensor]:
    """A member's numbers after ``steps`` steps without company."""
    return numbers(go_on(begin(task, [job]), steps).stack, job.name)


def numbers(stack: Stack, name: str, copy: int = 0) -> dict[str, Tensor]:
    """All that a member is: its row of everything that changes while training, by name."""
    row = [number for number, job in enumerate(stack.jobs) if job.name == name][copy]
    named = {"flat": stack.flat[row], "step": stack.step[row]}
    named |= {f"buffer/{key}": value[row] for key, value in stack.buffers.items()}
    named |= {f"control/{key}": value[row] for key, value in stack.control.items()}
    for link in stack.links:
        named |= {f"link/{link.name}/{leaf}": value[row] for leaf, value in enumerate(link.state)}
    for group, first, end in stack.bounds():
        if first <= row < end:
            named |= {f"optimizer/{leaf}": value[row - first] for leaf, value in enumerate(group.state)}
    return {key: value.clone() for key, value in named.items()}


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor], tolerance: float = 1e-8) -> None:
    """Equal in every number, none of them NaN in the reference."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert not value.isnan().any(), name
        torch.testing.assert_close(
            found[name], value, rtol=tolerance, atol=tolerance, msg=lambda m, n=name: f"{n}: {m}"
        )
