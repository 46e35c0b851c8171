"""DoG beside the authors' package, both what is trained and what is evaluated."""

import pytest
import torch
from dog import DoG, PolynomialDecayAverager
from member_walk import START, package_walk, walk
from torch import nn

from shoal.techniques.optimizers import dog

SETTINGS = [
    dog.Hyper(1.0, 1e-2, 1e-3),
    dog.Hyper(0.6, 1e-3, 1e-8, weight_decay=0.2, gamma=3.0),
    dog.Hyper(1.7, 0.1, 0.5, weight_decay=0.01, gamma=0.0),
]


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("hyper", SETTINGS)
def test_follows_the_authors_package(hyper, falling, agrees):
    def scale(step):
        return 1 - step / 40 if falling else 1.0

    def make(parameters):
        rest = hyper._asdict()
        network = nn.ParameterList(parameters)
        averagers.append(PolynomialDecayAverager(network, rest.pop("gamma")))
        return DoG(parameters, **rest)

    def look(optimizer, parameters):
        averagers[0].step()
        return list(averagers[0].averaged_model)

    averagers = []
    ours, theirs = walk(dog, hyper, scale=scale), package_walk(make, scale=scale, look=look)
    for name, one, other in zip(("dog.DoG", "dog.PolynomialDecayAverager"), ours, theirs, strict=True):
        agrees(dog, name, one, other)


def test_large_gamma_evaluates_what_is_trained():
    trained, evaluated = walk(dog, dog.Hyper(reps_rel=0.1, gamma=1e20))
    assert all(torch.equal(one, other) for one, other in zip(trained, evaluated, strict=True))


def test_before_the_first_step_the_parameters_are_evaluated():
    hyper = dog.Hyper()
    assert torch.equal(dog.read(dog.init(START, hyper), START, hyper), START)


def test_zero_gradients_and_no_eps_do_not_move():
    path = walk(dog, dog.Hyper(reps_rel=0.1, eps=0.0), quiet=3)[0]
    assert torch.equal(path[2], START) and not torch.equal(path[3], START)
