"""Which rows each member sees at each step, and the data of all of a stack's seeds in one tensor."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from shoal.errors import UserError
from shoal.population.randomness import order, subset, wrong_classes
from shoal.population.recipe import Recipe
from shoal.tasks.streamed import cat, distinct, take
from shoal.tasks.task import Prepared, Task

_REMEMBERED = 64  # epochs of row order kept, over all seeds


class Data:
    """x [rows of all seeds, *features] and y beside it; seeds whose task prepares one x and y share rows.

    recipe: how many training rows are used, and how many of them have a wrong class (such a row is there
    twice, so that other seeds and parts see the right one).
    """

    def __init__(
        self, task: Task, seeds: Sequence[int], dtype: torch.dtype, device: str, recipe: Recipe | None = None
    ):
        recipe = recipe or Recipe()
        self.prepared: dict[int, Prepared] = {seed: task.prepare(seed) for seed in dict.fromkeys(seeds)}
        placed: dict[tuple[int, int], int] = {}
        pieces, targets, offset = [], [], 0
        self.offset: dict[int, int] = {}
        for seed, one in self.prepared.items():
            both = (id(one.x), id(one.y))  # a seed's own y wants rows of its own: targets are standardized
            if both not in placed:
                placed[both] = offset
                pieces.append(one.x)
                targets.append(one.y)
                offset += len(one.x)
            self.offset[seed] = placed[both]
        count, noise = train_rows(task, recipe), label_noise(task, recipe)
        self._train: dict[int, Tensor] = {}
        for seed, one in self.prepared.items():
            used = one.train + self.offset[seed]
            if noise:
                wrong, classes = wrong_classes(seed, one.y, one.train, task.outputs, noise)
                pieces.append(take(one.x, one.train[wrong]))
                targets.append(classes)
                used[wrong] = torch.arange(offset, offset + len(wrong))
                offset += len(wrong)
            self._train[seed] = used if count == len(used) else used[subset(seed, len(used), count)]
        self.x = cat(pieces).to(device, dtype)
        self.y = (torch.cat(targets) if len(targets) > 1 else targets[0]).to(device)
        if self.y.is_floating_point():
            self.y = self.y.to(dtype)

    def read(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x, y and the row numbers in them of ``rows``: all that there is or, if streamed, only those."""
        if isinstance(self.x, Tensor):
            return self.x, self.y, rows
        wanted, place = distinct(rows)
        return self.x[wanted], self.y[wanted], place

    def rows(self, seed: int, part: str) -> Tensor:
        """Row numbers into ``x`` of a seed's "train", "valid" or "test" rows; of the first those in use."""
        if part == "train":
            return self._train[seed]
        return getattr(self.prepared[seed], part) + self.offset[seed]


def train_rows(task: Task, recipe: Recipe) -> int:
    """How many training rows a recipe uses. Raises UserError where the task does not have as many."""
    size = recipe.train_size
    if size is None:
        return task.train_rows
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= task.train_rows:
        raise UserError(
            f"train_size {size!r} is no number of rows from 1 to {task.train_rows}; task {task.name!r} has no"
            " more training rows"
        )
    return size


def label_noise(task: Task, recipe: Recipe) -> float:
    """The share of training rows with a wrong class. UserError outside [0, 1), and for a regression."""
    share = recipe.label_noise
    if not 0 <= share < 1:
        raise UserError(f"label_noise {share!r} is no share of the training rows: it must lie in [0, 1)")
    if share and task.kind != "classification":
        raise UserError(f"label_noise {share:g} replaces classes, but task {task.name!r} is a {task.kind}")
    return share


def batch_size(recipe: Recipe, train_rows: int) -> int:
    """Rows a step; "all" is every training row, and a batch is never larger than that."""
    return train_rows if recipe.batch_size == "all" else min(int(recipe.batch_size), train_rows)


def steps_an_epoch(recipe: Recipe, train_rows: int) -> int:
    """Steps of one pass over the training rows; the last batch may be short."""
    return -(-train_rows // batch_size(recipe, train_rows))


def total_steps(recipe: Recipe, train_rows: int) -> int:
    """Steps of a whole training, at least one."""
    return max(1, round(recipe.epochs * steps_an_epoch(recipe, train_rows)))


def training_steps(task: Task, recipe: Recipe) -> int:
    """Steps of a whole training with this recipe on this task."""
    return total_steps(recipe, train_rows(task, recipe))


class Table(NamedTuple):
    """rows [members, batch] and weight [members, batch] for each of the steps it covers."""

    rows: tuple[Tensor, ...]
    weight: tuple[Tensor, ...]


class Batches:
    """Row orders of a stack's seeds, remembered for the epochs in use."""

    def __init__(self, data: Data, batch: int):
        self.data, self.batch = data, batch
        self._epochs: OrderedDict[tuple[int, int], tuple[Tensor, Tensor]] = OrderedDict()

    def table(self, seeds: Sequence[int], starts: Sequence[int], steps: int) -> Table:
        """The batches of members with these seeds for ``steps`` steps from their own ``starts``."""
        parts: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}
        for key in zip(seeds, starts, strict=True):
            if key not in parts:
                parts[key] = self._run(*key, steps)
        each = [parts[key] for key in zip(seeds, starts, strict=True)]
        rows = torch.stack([own for own, _ in each], 1)
        weight = torch.stack([own for _, own in each], 1)
        return Table(rows.unbind(0), weight.unbind(0))

    def _run(self, seed: int, start: int, steps: int) -> tuple[Tensor, Tensor]:
        rows, weights, taken = [], [], 0
        while taken < steps:
            epoch_rows, epoch_weight = self._epoch(seed, start + taken)
            place = (start + taken) % len(epoch_rows)
            take = min(steps - taken, len(epoch_rows) - place)
            rows.append(epoch_rows[place : place + take])
            weights.append(epoch_weight[place : place + take])
            taken += take
        return torch.cat(rows), torch.cat(weights)

    def _epoch(self, seed: int, step: int) -> tuple[Tensor, Tensor]:
        train = self.data.rows(seed, "train")
        count = -(-len(train) // self.batch)
        key = (seed, step // count)
        if key in self._epochs:
            self._epochs.move_to_end(key)
            return self._epochs[key]
        shuffled = train[order(seed, step // count, len(train))]
        weight = torch.ones(count * self.batch, dtype=self.data.x.dtype)
        if len(shuffled) < len(weight):  # the short last batch is filled up with a row that does not count
            weight[len(shuffled) :] = 0
            shuffled = torch.cat([shuffled, shuffled[:1].expand(len(weight) - len(shuffled))])
        made = shuffled.view(count, self.batch), weight.view(count, self.batch)
        device = self.data.x.device
        self._epochs[key] = made[0].to(device), made[1].to(device)
        while len(self._epochs) > _REMEMBERED:
            self._epochs.popitem(last=False)
        return self._epochs[key]
