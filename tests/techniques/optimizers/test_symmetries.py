"""What a card says of an optimizer's symmetries holds for random gradients; what it leaves out is broken.

Gradients, losses and the start of a walk are transformed together, and the transformed walk must be the
transform of the plain one: in float64, at default hyperparameters with eps next to nothing. Losses come with
the gradients: a function times c has both times c, a function in other coordinates has the same losses.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from shoal import catalogue
from shoal.techniques.card import SYMMETRIES
from shoal.techniques.kinds import Seen

STEPS, SHAPE = 16, (6, 3)
TINY = 1e-30
EVERY = [(name, symmetry) for name in catalogue.names("optimizer") for symmetry in SYMMETRIES]
NAMED = [one for one in EVERY if one[1] in catalogue.find("optimizer", one[0]).CARD.symmetries]
BROKEN = [one for one in EVERY if one not in NAMED]

Map = Callable[[Tensor], Tensor]


class Problem(NamedTuple):
    """start [*shape], gradients [steps, *shape], losses [steps] above 0, float64."""

    start: Tensor
    gradients: Tensor
    losses: Tensor


class Transform(NamedTuple):
    """What becomes of coordinates, and by what gradients and losses are multiplied."""

    coordinates: Map
    factor: float


def draw(seed: int) -> Problem:
    """Random gradients with a drift, whose coordinates differ in size by up to a thousand."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    sizes = 10 ** normal(*SHAPE).clamp(-1.5, 1.5)
    gradients = sizes * (normal(STEPS, *SHAPE) + normal(*SHAPE))
    return Problem(normal(*SHAPE), gradients, normal(STEPS).exp())


def transform(symmetry: str, scope: str, seed: int) -> Transform:
    """A random example of a symmetry. Of a matrix, whole rows and columns change their order."""
    generator = torch.Generator().manual_seed(seed)
    size = SHAPE[0] * SHAPE[1]
    if symmetry == "scale":
        return Transform(lambda x: x, 10 ** float(torch.empty(()).uniform_(-6, 6, generator=generator)))
    if symmetry == "sign":
        signs = torch.randint(2, SHAPE, generator=generator) * 2.0 - 1
        signs.view(-1)[:2] = torch.tensor([-1.0, 1.0])
        return Transform(lambda x: x * signs, 1.0)
    if symmetry == "permutation" and scope == "tensor":
        rows, columns = (torch.randperm(length, generator=generator) for length in SHAPE)
        return Transform(lambda x: x[rows][:, columns], 1.0)
    if symmetry == "permutation":
        order = torch.randperm(size, generator=generator)
        return Transform(lambda x: x.flatten()[order].view(SHAPE), 1.0)
    rotation = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    return Transform(lambda x: (rotation @ x.flatten()).view(SHAPE), 1.0)


def defaults(rule: ModuleType) -> Any:
    """The rule's default hyperparameters, those that only guard a division next to nothing."""
    guards = {name: TINY for name in rule.Hyper._fields if name.startswith("eps")}
    return rule.Hyper()._replace(**guards)


def walk(rule: ModuleType, problem: Problem) -> Tensor:
    """How far from the start the rule is after each step [steps, *shape], and where it is evaluated then."""
    hyper = defaults(rule)
    flat = rule.CARD.scope != "tensor"
    parameter = problem.start.flatten() if flat else problem.start
    state, path = rule.init(parameter, hyper), []
    for step, gradient in enumerate(problem.gradients):
        key = torch.tensor(step, dtype=torch.int64)
        seen = Seen(gradient.view_as(parameter), problem.losses[step], key)
        change, state = rule.update(seen, state, parameter, hyper)
        parameter = parameter + change
        path.append(parameter.view(SHAPE) - problem.start)
        if hasattr(rule, "read"):
            path.append(rule.read(state, parameter, hyper).view(SHAPE) - problem.start)
    return torch.stack(path)


def broken_by(name: str, symmetry: str, seed: int) -> float:
    """How far the two walks are apart, relative to their length."""
    rule, problem = catalogue.find("optimizer", name), draw(seed)
    change = transform(symmetry, rule.CARD.scope, seed + 1)
    moved = Problem(
        change.coordinates(problem.start),
        torch.stack([change.factor * change.coordinates(one) for one in problem.gradients]),
        change.factor * problem.losses,
    )
    expected = torch.stack([change.coordinates(one) for one in walk(rule, problem)])
    found = walk(rule, moved)
    assert expected.isfinite().all() and found.isfinite().all() and expected.abs().max() > 0
    return float((found - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize(("name", "symmetry"), NAMED)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**31))
def test_symmetry_that_a_card_names_holds(name, symmetry, seed):
    assert broken_by(name, symmetry, seed) < 1e-7


@pytest.mark.parametrize(("name", "symmetry"), BROKEN)
def test_symmetry_that_a_card_leaves_out_is_broken(name, symmetry):
    assert max(broken_by(name, symmetry, seed) for seed in range(10)) > 1e-3
