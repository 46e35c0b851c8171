"""Programs: the traced graph does what vmap does, the compiled package what the graph does."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from population.members import table
from shoal import catalogue
from shoal.population import cache, operators, package, rules
from shoal.population.gradient import gradient_function, gradient_program
from shoal.population.package import Example, Program
from shoal.population.recipe import Recipe
from shoal.population.rules import Need, first_state
from shoal.population.template import Template, padded, template

COMPILER = pytest.mark.skipif(cache.compiler() is None, reason="needs a C++ compiler")
RECIPE = Recipe(width=8, depth=1, hyper={"dropout.rate": 0.2})


def gradient_inputs(
    made: Template, members: int, batch: int, dtype: torch.dtype = torch.float32
) -> list[Tensor]:
    """Random inputs of a gradient program, laid out as a stack lays them out; the last row does not count."""
    source = torch.Generator().manual_seed(members * 100 + batch)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=dtype)

    weights = made.views(normal(members, made.parameters))
    masks = made.views((normal(members, made.parameters) > 0).to(dtype)) if made.family.masked else ()
    buffers = [normal(members, *value.shape).exp() for value in made.buffers.values()]
    y = torch.randint(made.outputs, (20,), generator=source)
    rows = torch.randint(20, (members, batch), generator=source)
    weight = torch.ones(members, batch, dtype=dtype)
    weight[:, -1] = 0 if batch > 2 else 1
    key = torch.arange(members) * 1000003
    hyper = [torch.linspace(0.1, 0.4, members, dtype=dtype) for _ in made.family.hyper]
    x = normal(20, *made.features)
    return [*weights, *buffers, *masks, x, y, rows, weight, key, *hyper]


def assert_close(found, expected, tolerance: float) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


SHAPES = [
    (8, 6, 3, 1, 16),
    (3, 6, 3, 2, 1),
    (8, 6, 3, 3, 5),
    (40, 2, 2, 4, 7),
    (5, 17, 11, 8, 33),
    (2, 2, 2, 2, 2),
]


def of_shape(width: int, features: int, classes: int, recipe: Recipe = RECIPE) -> Template:
    return template(table(60, (features,), classes), replace(recipe, width=width))


@pytest.fixture(scope="module")
def gradient() -> Program:
    """One program for perceptrons of every width, input size, number of classes and batch size."""
    program = gradient_program(of_shape(8, 6, 3), 16)
    program.trace()
    return program


@pytest.fixture(scope="module")
def exact() -> Program:
    program = gradient_program(of_shape(8, 6, 3), 16, torch.float64)
    program.trace()
    return program


@pytest.mark.parametrize(("width", "features", "classes", "members", "batch"), SHAPES)
def test_one_trace_serves_every_size(exact, width, features, classes, members, batch):
    made = of_shape(width, features, classes)
    inputs = gradient_inputs(made, members, batch, torch.float64)
    assert_close(exact(inputs), gradient_function(made)(*inputs), 1e-12)


def test_gates_and_scaled_branches_are_traced_for_every_size_too():
    recipe = replace(RECIPE, depth=2, activation="swiglu", residual=True, initializer="zero_residual")
    program = gradient_program(of_shape(8, 6, 3, recipe), 16, torch.float64)
    program.trace()
    for width, features, classes, members, batch in SHAPES:
        made = of_shape(width, features, classes, recipe)
        inputs = gradient_inputs(made, members, batch, torch.float64)
        assert_close(program(inputs), gradient_function(made)(*inputs), 1e-12)


def test_masked_members_are_traced_too():
    made = padded(of_shape(8, 6, 3, Recipe(depth=1)))
    inputs = gradient_inputs(made, 4, 7, torch.float64)
    program = gradient_program(made, 16, torch.float64)
    program.trace()
    assert_close(program(inputs), gradient_function(made)(*inputs), 1e-12)


def moving(name: str, kind: str = "optimizer") -> Need:
    """The need of a rule or a link by itself, on vectors or matrices."""
    scope = catalogue.find(kind, name).CARD.scope
    what = "move" if kind == "optimizer" else "apply"
    return Need(kind, name, what, 2 if scope == "tensor" else None)


def rule_inputs(need: Need, members: int, *shape: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Random inputs of a rule or link program, in the middle of a training."""
    rule = catalogue.find(need.kind, need.technique)
    source = torch.Generator().manual_seed(members)
    flat, gradient, between = torch.randn(3, members, *shape, generator=source, dtype=dtype).unbind(0)
    hyper = [
        torch.linspace(0.5, 1.0, members, dtype=dtype) * default
        for default in rule.Hyper._field_defaults.values()
    ]
    state = [leaf + 2 for leaf in first_state(rule, flat, hyper)]
    loss = gradient.flatten(1)[:, 0].clone()
    third = [between] if getattr(rule, "PLACE", "") in ("change", "point") else []
    return [flat, gradient, *third, loss, torch.arange(members), *hyper, *state]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in ("optimizer", "link") for name in catalogue.names(kind)]
)
def test_a_traced_rule_does_what_the_plain_one_does(kind, name):
    need = moving(name, kind)
    program = rules.program(need, torch.float64)
    program.trace()
    traced = [node.meta.get("val") for node in program._traced[0].graph.nodes]
    assert not any(isinstance(value, torch.SymFloat) for value in traced), "Inductor has no floats of sizes"
    for members, parameters in ((1, 4), (5, 1), (3, 30)):
        shape = (parameters,) if need.dimensions is None else (parameters, 7)
        inputs = rule_inputs(need, members, *shape, dtype=torch.float64)
        plain = [value.clone() for value in inputs]
        rules.function(need)(*plain)
        program(inputs)
        assert_close(inputs, plain, 1e-12)


@pytest.fixture(scope="module")
def packages(own_cache) -> tuple[Program, Program]:
    """The two programs, compiled once into the tests' own cache and loaded by a process's first use."""
    operators.build()  # a process that compiled without it could not load it any more
    found = (
        gradient_program(of_shape(8, 6, 3), 16),
        rules.program(moving("adam")),
    )
    for program in found:
        assert not program.ready() and not program.load()
        program.compile()
        assert program.ready() and program.load() and program.compiled
    return found


@COMPILER
@pytest.mark.compiler
@pytest.mark.parametrize(("width", "features", "classes", "members", "batch"), SHAPES)
def test_one_package_serves_every_size(packages, gradient, width, features, classes, members, batch):
    inputs = gradient_inputs(of_shape(width, features, classes), members, batch)
    assert not gradient.compiled
    assert_close(packages[0](inputs), gradient(inputs), 2e-4)


@COMPILER
@pytest.mark.compiler
@pytest.mark.parametrize(("members", "parameters"), [(1, 1), (1, 50), (2, 9), (7, 1), (64, 33)])
def test_a_compiled_rule_changes_its_inputs_in_place_as_the_graph_does(packages, members, parameters):
    graph = rules.program(moving("adam"))
    inputs = rule_inputs(moving("adam"), members, parameters)
    plain = [value.clone() for value in inputs]
    graph(plain)
    packages[1](inputs)
    assert_close(inputs, plain, 1e-6)


@COMPILER
@pytest.mark.compiler
def test_a_package_of_another_graph_is_not_used(packages):
    assert not rules.program(moving("sgd")).ready()
    assert not gradient_program(of_shape(8, 6, 3, Recipe(depth=1)), 16).ready()
    again = rules.program(moving("adam"))
    assert again.ready() and again.key == packages[1].key
    again.load()
    again.unload()
    assert not again.compiled


@COMPILER
@pytest.mark.compiler
def test_a_package_that_disagrees_with_its_graph_is_not_believed(packages):
    wrong = gradient_program(of_shape(8, 6, 3), 16)
    function: Callable = wrong._function
    wrong.__dict__["_function"] = lambda *inputs: [value + 1 for value in function(*inputs)]
    wrong.load()
    with pytest.raises(RuntimeError, match="disagrees"):
        wrong(gradient_inputs(of_shape(8, 6, 3), 2, 16))


def closing_over(first: Tensor, second: Tensor) -> Program:
    """A program of code that closes over tensors, as a loss with weights of classes does."""

    def function(x: Tensor) -> list[Tensor]:
        return [x * second + first * second]

    return Program("closing", lambda: Example(function, [torch.ones(4, 3)], [{0}]), None)


def test_constants_that_differ_in_the_least_are_other_programs():
    long = torch.linspace(0, 1, 3000).reshape(-1, 3)
    other = long.clone()
    other[500, 1] += 1e-6
    keys = [closing_over(long[:1], one[500]).key for one in (long, other)]
    assert len(set(keys)) == 2 and keys[0] == closing_over(long[:1].clone(), long[500].clone()).key
    nearly = [closing_over(torch.ones(3), torch.full((3,), one)).key for one in (1.0, 1.0000001)]
    assert len(set(nearly)) == 2


@COMPILER
@pytest.mark.compiler
def test_a_package_takes_along_what_the_code_closes_over(packages):
    first, second = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([[0.5], [2.0]])[:1]
    program = closing_over(first, second)
    program.compile()
    assert program.load()
    x = torch.arange(15.0).reshape(5, 3)
    torch.testing.assert_close(program([x])[0], x * second + first * second)


FAMILIES = [
    *(Recipe(width=8, depth=1, activation=name) for name in catalogue.names("activation")),
    *(Recipe(width=8, depth=2, normalization=name) for name in catalogue.names("normalization")),
    Recipe(width=8, depth=3, residual=True, hyper={"dropout.rate": 0.3, "label_smoothing.smoothing": 0.1}),
    Recipe(width=8, depth=1, hyper={"weight_noise.std": 0.01, "l1.coefficient": 1e-3}),
]


@pytest.mark.parametrize("recipe", FAMILIES, ids=repr)
def test_calls_before_tracing_do_bit_by_bit_what_the_trace_does(recipe, monkeypatch):
    made = of_shape(8, 6, 3, recipe)
    early = gradient_program(made, 16)
    monkeypatch.setattr(Program, "_in_cache", False)
    first = [early(gradient_inputs(made, members, 16)) for members in (1, 4)]
    assert "_function" not in early.__dict__
    early.trace()
    for members, before in zip((1, 4), first, strict=True):
        after = early(gradient_inputs(made, members, 16))
        assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_a_program_is_traced_when_waiting_has_cost_as_much(monkeypatch):
    monkeypatch.setattr(Program, "_in_cache", False)
    program = rules.program(moving("sgd"))
    monkeypatch.setattr(package, "_TRACING", 0.0)
    flat, member = torch.ones(2, 5), torch.full((2,), 0.1)
    inputs = [flat, torch.ones(2, 5), member, member.long(), member]
    program(inputs)
    assert "_function" not in program.__dict__ and flat[0, 0] == pytest.approx(0.9)
    program(inputs)
    assert "_function" in program.__dict__ and flat[0, 0] == pytest.approx(0.8)


@pytest.mark.parametrize("side, stays", [(32, True), (8, False)])
def test_steps_spent_in_convolutions_stay_traced(side, stays, own_cache):
    task = table(features=(3, side, side))
    recipe = replace(RECIPE, network="convnet", depth=2, batch_size=64)
    program = gradient_program(template(task, recipe), 64)
    assert program.stays_traced == stays
    assert program.ready() == stays and not program.load()


def test_a_wide_perceptron_is_compiled():
    made = template(table(features=(3000,)), replace(RECIPE, width=200))
    assert not gradient_program(made, 64).stays_traced
