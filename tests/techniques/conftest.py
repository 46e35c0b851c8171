"""What every technique can be asked to do, by kind: the one place where tests know how a kind is called."""

from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from beartype import beartype
from jaxtyping import jaxtyped
from torch import Tensor

from shoal.techniques.kinds import Seen

MEMBERS = 3
ROLES = ("matrix", "head", "embedding", "bias", "norm", "activation")


class Example(NamedTuple):
    """run(hyper, *inputs) → tensors of one member; ``hyper`` and ``inputs`` hold MEMBERS of each, stacked."""

    run: Callable[..., Any]
    hyper: Any
    inputs: tuple[Tensor, ...]


def checked(module: ModuleType) -> SimpleNamespace:
    """The technique with every public function's shapes and types checked at every call."""
    functions = {
        name: jaxtyped(value, typechecker=beartype)
        for name, value in vars(module).items()
        if callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and not isinstance(value, type)
    }
    return SimpleNamespace(**{**vars(module), **functions})


def hyper_of_members(module: ModuleType, dtype: torch.dtype) -> Any:
    """A different legal value for every member and hyperparameter."""

    def values(name: str) -> Tensor:
        bounds, default = module.CARD.ranges.get(name), module.Hyper._field_defaults[name]
        if bounds is None:
            return torch.tensor([default + 0.01 * member for member in range(MEMBERS)], dtype=dtype)
        shares = torch.linspace(0.2, 0.9, MEMBERS, dtype=dtype)
        if bounds.log:
            return bounds.low * (bounds.high / bounds.low) ** shares
        return bounds.low + (bounds.high - bounds.low) * shares

    return module.Hyper(*(values(name) for name in module.Hyper._fields))


def _optimizer(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    def run(hyper: Any, parameter: Tensor, gradients: Tensor) -> Any:
        state, path = rule.init(parameter, hyper), []
        for gradient in gradients.unbind(0):
            key = torch.zeros((), dtype=torch.int64)
            change, state = rule.update(Seen(gradient, gradient.sum(), key), state, parameter, hyper)
            parameter = parameter + change
            path.append(parameter)
            if hasattr(rule, "read"):
                path.append(rule.read(state, parameter, hyper))
        return path, state

    return run, (normal(MEMBERS, 4, 3), normal(MEMBERS, 3, 4, 3))


def _link(link: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    def run(hyper: Any, parameter: Tensor, gradients: Tensor) -> Any:
        state, path = link.init(parameter, hyper), []
        for gradient in gradients.unbind(0):
            seen = Seen(gradient, gradient.sum(), torch.zeros((), dtype=torch.int64))
            if link.PLACE == "point":
                state = link.probe(seen, state, parameter, hyper)
                path.append(link.look(state, parameter, hyper))
                continue
            change = (gradient.flip(0) / 7,) if link.PLACE == "change" else ()
            made, state = link.apply(seen, *change, state, parameter, hyper)
            path.append(made)
            parameter = parameter + made
        return path, state

    return run, (normal(MEMBERS, 4, 3), normal(MEMBERS, 7, 4, 3))


def _schedule(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    return lambda hyper, progress: rule.value(progress, hyper), (normal(MEMBERS).sigmoid(),)


def _initializer(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    def run(hyper: Any, seed_like: Tensor) -> Any:
        drawn = [rule.draw((6, 4), torch.Generator().manual_seed(1), hyper)]
        if hasattr(rule, "draw_head"):
            drawn.append(rule.draw_head((6, 4), torch.Generator().manual_seed(1), hyper))
        if hasattr(rule, "draw_bias"):
            drawn.append(rule.draw_bias((6,), 4, torch.Generator().manual_seed(1), hyper))
        if hasattr(rule, "calibrate"):
            drawn.append(rule.calibrate(drawn[0], seed_like + torch.arange(30.0).view(5, 6), hyper))
        if hasattr(rule, "first_scale"):
            drawn.append(rule.first_scale(hyper))
        return drawn

    return run, (normal(MEMBERS),)


def _activation(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    if getattr(rule, "PLACE", "") == "learned":

        def run(hyper: Any, x: Tensor, moved: Tensor) -> Any:
            return rule.apply(x, rule.init(hyper).to(x.dtype) + moved, hyper)

        return run, (normal(MEMBERS, 5, 4), normal(MEMBERS, 1))
    if getattr(rule, "PLACE", "") == "gated":
        return lambda hyper, x, gate: rule.apply(x, gate, hyper), (
            normal(MEMBERS, 5, 4),
            normal(MEMBERS, 5, 4),
        )
    return lambda hyper, x: rule.apply(x, hyper), (normal(MEMBERS, 5, 4),)


def _normalization(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    if getattr(rule, "PLACE", "") == "row":
        return lambda hyper, x: rule.apply(x, hyper), (normal(MEMBERS, 6, 8, 2, 2),)
    if getattr(rule, "PLACE", "") == "weight":

        def weights(hyper: Any, direction: Tensor, length: Tensor) -> Any:
            return rule.init(direction, hyper), rule.apply(direction, length, hyper)

        return weights, (normal(MEMBERS, 6, 4, 2, 2), normal(MEMBERS, 6))

    def run(hyper: Any, x: Tensor, mean: Tensor, var: Tensor, weight: Tensor) -> Any:
        state = rule.State(mean, var)
        return rule.apply(x, state, weight, hyper, True), rule.apply(x, state, weight, hyper, False)

    weight = torch.ones_like(normal(MEMBERS, 6))
    weight[:, 4:] = 0
    return run, (normal(MEMBERS, 6, 4, 2, 2), normal(MEMBERS, 4), normal(MEMBERS, 4).exp(), weight)


def _regularizer(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    keys = torch.arange(MEMBERS, dtype=torch.int64) * 7 + 1

    def average(hyper: Any, parameters: Tensor) -> Any:
        state, path = rule.init(parameters[0], hyper), []
        for number, parameter in enumerate(parameters.unbind(0)):
            path.append(rule.read(state, parameter, hyper))
            progress = parameter.new_ones(()) * (number + 1) / len(parameters)
            state = rule.observe(state, parameter, progress, hyper)
        return path, state

    def roles(hyper: Any, parameter: Tensor, *key: Tensor) -> Any:
        if rule.PLACE == "loss":
            return [rule.penalty(parameter, role, hyper) for role in ROLES]
        if rule.PLACE == "change":
            return [rule.project(parameter, role, hyper) for role in ROLES]
        return [rule.apply(parameter, role, *key, hyper) for role in ROLES]

    ways: dict[str, tuple[Callable[..., Any], tuple[Tensor, ...]]] = {
        "activation": (lambda hyper, x, key: rule.apply(x, key, hyper), (normal(MEMBERS, 8, 5), keys)),
        "branch": (
            lambda hyper, x, key: rule.apply(x, key, 0.6, hyper),
            (normal(MEMBERS, 20, 3), keys),
        ),
        "output": (lambda hyper, x: rule.penalty(x, hyper), (normal(MEMBERS, 6, 4),)),
        "target": (lambda hyper, x: rule.apply(x, hyper), (normal(MEMBERS, 6, 4).softmax(-1),)),
        "weights": (roles, (normal(MEMBERS, 4, 3), keys)),
        "loss": (roles, (normal(MEMBERS, 4, 3),)),
        "gradient": (
            lambda hyper, x, key, step: rule.apply(x, key, step, hyper),
            (normal(MEMBERS, 9), keys, normal(MEMBERS).abs()),
        ),
        "change": (roles, (normal(MEMBERS, 4, 3),)),
        "average": (average, (normal(MEMBERS, 10, 7),)),
    }
    return ways[rule.PLACE]


def _augmentation(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    keys = torch.arange(MEMBERS, dtype=torch.int64) * 7 + 1
    x = normal(MEMBERS, 6, 3, 5, 4)
    if rule.INPUTS == "tokens":
        x = (3 * normal(MEMBERS, 6, 9).abs()).floor()
    if rule.PLACE == "pairs":
        target = normal(MEMBERS, 6, 4).softmax(-1)
        return lambda hyper, x, target, key: rule.apply(x, target, key, hyper), (x, target, keys)
    return lambda hyper, x, key: rule.apply(x, key, hyper), (x, keys)


def _controller(rule: Any, normal: Callable[..., Tensor]) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    def run(hyper: Any, scores: Tensor) -> Any:
        state, decisions = rule.init(hyper), []
        for score in scores.unbind(0):
            state, decision = rule.observe(state, score, hyper)
            decisions.append(decision)
        return decisions, state

    return run, (normal(MEMBERS, 12),)


@pytest.fixture
def example() -> Callable[[str, ModuleType, torch.dtype], Example]:
    """example(kind, module, dtype): how to run any technique of that kind, on fixed random inputs."""
    ways = {name.removeprefix("_"): way for name, way in globals().items() if name.startswith("_")}

    def make(kind: str, module: ModuleType, dtype: torch.dtype, seed: int = 0) -> Example:
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

        run, inputs = ways[kind](checked(module), normal)
        return Example(run, hyper_of_members(module, dtype), inputs)

    return make


@pytest.fixture
def agrees(record_property) -> Callable[..., None]:
    """agrees(technique, reference, ours, theirs): asserts that two walks are one, for docs/agreement.md.

    technique: the module. reference: "torch.optim.NAdam", "schedulefree.SGDScheduleFree" or what else was not
    written here ("algorithm 1 in plain floats"). ours, theirs: tensors, one a step. ``known``: what other
    references do otherwise, and which we follow, in a sentence.
    """

    def check(
        technique: ModuleType,
        reference: str,
        ours: Sequence[Tensor],
        theirs: Sequence[Tensor],
        rtol: float = 1e-10,
        atol: float = 1e-13,
        known: str = "",
    ) -> None:
        assert len(ours) == len(theirs) >= 30
        found = max(difference(*pair, rtol, atol) for pair in zip(ours, theirs, strict=True))
        record_property("agreement", (*named(technique), reference, len(ours), 0, found, known))

    return check


@pytest.fixture
def agrees_at(record_property) -> Callable[..., None]:
    """agrees_at(technique, reference, ours, theirs): the same for single values, a tensor or floats each."""

    def check(
        technique: ModuleType,
        reference: str,
        ours: Tensor | Sequence[float],
        theirs: Tensor | Sequence[float],
        rtol: float = 1e-10,
        atol: float = 1e-13,
        known: str = "",
    ) -> None:
        one, other = (
            each.detach() if isinstance(each, Tensor) else torch.tensor(each, dtype=torch.float64)
            for each in (ours, theirs)
        )
        found = difference(one, other, rtol, atol)
        record_property("agreement", (*named(technique), reference, 0, one.numel(), found, known))

    return check


def difference(one: Tensor, other: Tensor, rtol: float, atol: float) -> float:
    """The largest difference over the largest number of ``other`` (over 1 where that is zero).

    Asserts that both are float64 and close.
    """
    assert one.dtype == other.dtype == torch.float64
    torch.testing.assert_close(one, other, rtol=rtol, atol=atol)
    return float((one - other).abs().max()) / (float(other.abs().max()) or 1.0)


def named(technique: ModuleType) -> tuple[str, str]:
    """Kind and name of a technique's module."""
    folder, name = technique.__name__.split(".")[-2:]
    return folder.removesuffix("s"), name
