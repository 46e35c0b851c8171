"""Augmentations in whole training steps: the loss is of the rows and aims that they make."""

import zlib
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from population.members import alone, assert_same, begin, company, go_on, numbers, table
from shoal import catalogue
from shoal.population.randomness import noise_keys, order
from shoal.population.recipe import Job, Recipe
from shoal.techniques.numerics.counter_noise import fold

BASE = Recipe(width=5, depth=1, batch_size=16, epochs=1e6, optimizer="sgd", hyper={"sgd.lr": 0.3})
OFF = ("flip.probability", "crop.share", "cutout.share", "mixup.alpha", "cutmix.probability")
IN_ORDER = {"input_noise.std": 0.5, "swap_noise.rate": 0.3, "mixup.alpha": 2.0}
both = pytest.mark.parametrize("classes", [4, None], ids=["classes", "numbers"])


def weights(task, recipe, steps=3):
    return go_on(begin(task, [Job("one", recipe, 3)]), steps).stack


@both
def test_augmentations_that_do_nothing_leave_the_steps_as_they_are(classes):
    task = table(features=(2, 5, 4), classes=classes)
    acting = replace(BASE, hyper={**BASE.hyper, **dict.fromkeys(OFF, 0.0)})
    torch.testing.assert_close(weights(task, acting).flat, weights(task, BASE).flat, rtol=1e-12, atol=1e-14)


@both
def test_steps_equal_a_plain_torch_loop_on_the_augmented_batches(classes):
    """Inputs are changed in the order of names, then rows are mixed; the noise is each technique's own."""
    task = table(classes=classes)
    stack = begin(task, [Job("one", replace(BASE, hyper={**BASE.hyper, **IN_ORDER}), 3)]).stack
    network = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, task.outputs)).double()
    for value, drawn in zip(network.parameters(), stack.template.views(stack.flat), strict=True):
        value.data.copy_(drawn[0])
    optimizer, prepared = torch.optim.SGD(network.parameters(), lr=0.3), task.prepare(3)
    batches = prepared.train[order(3, 0, task.train_rows)].split(16)
    for step, rows in enumerate(batches[:2]):
        x, y = prepared.x[rows].double(), prepared.y[rows]
        y = F.one_hot(y, 4).double() if classes else y.double()
        for name, value in IN_ORDER.items():
            technique = catalogue.find("augmentation", name.partition(".")[0])
            key = fold(noise_keys(torch.tensor([3]), torch.tensor([step]))[0], 0x696E7075)
            key = fold(key, zlib.crc32(name.partition(".")[0].encode()))
            pair = (x, y) if technique.PLACE == "pairs" else (x,)
            made = technique.apply(*pair, key, technique.Hyper(value))
            x, y = made if technique.PLACE == "pairs" else (made, y)
        loss = (F.cross_entropy if classes else F.mse_loss)(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = weights(task, replace(BASE, hyper={**BASE.hyper, **IN_ORDER}), steps=2)
    for own, plain in zip(found.template.views(found.flat), network.parameters(), strict=True):
        torch.testing.assert_close(own[0], plain.data, rtol=1e-10, atol=1e-12)


def test_stacked_patches_obey_the_law_for_any_number_of_members():
    """A transformer's program is of these sizes, but for members, which it was traced with three of."""
    task = table(features=(2, 6, 5))
    recipe = replace(BASE, network="vit", normalization="layer_norm", activation="gelu", optimizer="momentum")
    hyper = {"crop.share": 0.3, "mixup.alpha": 0.5, "cutout.share": 0.4, "momentum.lr": 0.01}
    job = Job("subject", replace(recipe, width=8, hyper=hyper), 3)
    together = go_on(begin(task, company(job, 3)), 2)
    assert_same(numbers(together.stack, "subject"), alone(task, job, 2), 1e-9)
