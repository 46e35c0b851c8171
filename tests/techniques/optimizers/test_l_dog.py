"""L-DoG beside the authors' package, each parameter in its own shape and with its own state."""

import pytest
import torch
from dog import LDoG
from member_walk import SHAPES, SIZES, START, joined, package_walk, seen_at, walk

from shoal.techniques.optimizers import dog, l_dog

SETTINGS = [l_dog.Hyper(1.0, 1e-2, 1e-3), l_dog.Hyper(0.6, 1e-3, 1e-8, weight_decay=0.2)]


def layer_walk(hyper):
    parts = [part.view(shape) for part, shape in zip(START.split(SIZES), SHAPES, strict=True)]
    states, path = [l_dog.init(part, hyper) for part in parts], []
    for step in range(40):
        seen = seen_at(joined(parts), step)
        for index, gradient in enumerate(seen.gradient.split(SIZES)):
            mine = seen._replace(gradient=gradient.view(SHAPES[index]))
            change, states[index] = l_dog.update(mine, states[index], parts[index], hyper)
            parts[index] = parts[index] + change
        path.append(joined(parts))
    return path


@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, agrees):
    rest = hyper._asdict()
    del rest["gamma"]
    agrees(l_dog, "dog.LDoG", layer_walk(hyper), package_walk(lambda parameters: LDoG(parameters, **rest))[0])


def test_of_one_layer_it_is_dog_in_what_is_trained_and_evaluated():
    hyper = l_dog.Hyper(0.8, 1e-2, 1e-3, weight_decay=0.1, gamma=5.0)
    for ours, theirs in zip(walk(l_dog, hyper), walk(dog, dog.Hyper(*hyper)), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))
