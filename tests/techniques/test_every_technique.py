"""What every technique of every kind promises, asked of each file that the catalogue finds."""

import ast
import inspect
import re

import pytest
import torch
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_leaves, tree_map

from shoal import catalogue
from shoal.techniques.contract import breach
from shoal.techniques.kinds import Seen

EVERY = [(kind, name) for kind in catalogue.kinds() for name in catalogue.names(kind)]
DTYPES = [torch.float32, torch.float64]
CLOSE = {torch.float32: {"rtol": 1e-5, "atol": 1e-6}, torch.float64: {"rtol": 1e-12, "atol": 1e-14}}

every = pytest.mark.parametrize(("kind", "name"), EVERY)
both_dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def _member(tree, index):
    return tree_map(lambda stacked: stacked[index], tree)


def _same(ours, theirs, dtype):
    ours, theirs = tree_leaves(ours), tree_leaves(theirs)
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, **CLOSE[dtype])


@every
def test_contract_is_fulfilled(kind, name):
    assert breach(catalogue.find(kind, name), kind) is None


@every
def test_words_have_the_house_form(kind, name):
    module = catalogue.find(kind, name)
    summary, year = module.CARD.summary, r"\b(18|19|20)\d\d\b"
    assert "\n" not in summary and not summary.endswith(".") and len(summary) < 90
    first = summary.split()[0]
    assert first[0].islower() or first in ("Adam",)
    assert re.search(year, module.CARD.paper)
    text = module.__doc__
    assert re.search(year, text) and "Differs from" in text and "Witness: " in text
    for arxiv in re.findall(r"arXiv:[\d.]+\d", module.CARD.paper):
        assert arxiv in text


@every
def test_descends_from_an_older_technique_of_its_kind_and_in_the_end_from_a_root(kind, name):
    card = catalogue.find(kind, name).CARD
    assert str(card.year) in card.paper
    passed = {name}
    while card.parent:
        assert card.parent in catalogue.names(kind) and card.parent not in passed
        passed.add(card.parent)
        parent = catalogue.find(kind, card.parent).CARD
        assert parent.year <= card.year
        card = parent


@every
def test_public_functions_are_annotated_and_documented(kind, name):
    module = catalogue.find(kind, name)
    for function in vars(module).values():
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            signature = inspect.signature(function)
            assert function.__name__.startswith("_") or function.__doc__
            assert signature.return_annotation is not inspect.Signature.empty
            assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())


@every
def test_imports_nothing_of_shoal_but_the_card_the_kinds_and_shared_mathematics(kind, name):
    allowed = ("shoal.errors", "shoal.techniques.card", "shoal.techniques.kinds", "shoal.techniques.numerics")
    for line in ast.walk(ast.parse(inspect.getsource(catalogue.find(kind, name)))):
        imported = line.module if isinstance(line, ast.ImportFrom) else ""
        assert not isinstance(line, ast.Import) or not any("shoal" in alias.name for alias in line.names)
        assert not imported.startswith("shoal") or imported.startswith(allowed)


@every
def test_contained_rules_exist_and_contain_transitively(kind, name):
    contains = catalogue.find(kind, name).CARD.contains
    assert name not in contains and set(contains) <= set(catalogue.names(kind))
    for inner in contains:
        assert set(catalogue.find(kind, inner).CARD.contains) <= set(contains)


@every
@both_dtypes
def test_member_in_company_equals_member_alone(kind, name, dtype, example):
    run, hyper, inputs = example(kind, catalogue.find(kind, name), dtype)
    together = vmap(run, randomness="same")(hyper, *inputs)
    for index in range(len(inputs[0])):
        _same(_member(together, index), run(_member(hyper, index), *(x[index] for x in inputs)), dtype)


@every
def test_numbers_and_tensors_give_the_same(kind, name, example):
    run, hyper, inputs = example(kind, catalogue.find(kind, name), torch.float64)
    hyper, inputs = _member(hyper, 1), [x[1] for x in inputs]
    _same(run(type(hyper)(*(float(value) for value in hyper)), *inputs), run(hyper, *inputs), torch.float64)


@every
def test_inputs_are_never_mutated(kind, name, example):
    run, hyper, inputs = example(kind, catalogue.find(kind, name), torch.float64)
    hyper, inputs = _member(hyper, 1), [x[1].clone() for x in inputs]
    before = [leaf.clone() for leaf in tree_leaves((hyper, inputs))]
    run(hyper, *inputs)
    assert all(torch.equal(a, b) for a, b in zip(before, tree_leaves((hyper, inputs)), strict=True))


@pytest.mark.parametrize(
    ("kind", "name"), [one for one in EVERY if one[0] in ("activation", "normalization", "regularizer")]
)
@both_dtypes
def test_gradient_in_company_equals_gradient_alone(kind, name, dtype, example):
    """What stands inside the loss is differentiated, by its input and by every hyperparameter."""
    run, hyper, inputs = example(kind, catalogue.find(kind, name), dtype)

    def loss(x, hyper, *others):
        leaves = [leaf for leaf in tree_leaves(run(hyper, x, *others)) if leaf.is_floating_point()]
        return sum(leaf.sin().sum() for leaf in leaves)

    together = vmap(grad(loss, argnums=(0, 1)))(inputs[0], hyper, *inputs[1:])
    for index in range(len(inputs[0])):
        x = inputs[0][index].clone().requires_grad_()
        numbers = tree_map(lambda value: value.clone().requires_grad_(), _member(hyper, index))
        value = loss(x, numbers, *(other[index] for other in inputs[1:]))
        alone = torch.autograd.grad(value, [x, *numbers], materialize_grads=True)
        _same(_member(together, index), alone, dtype)


@pytest.mark.parametrize(("kind", "name"), [one for one in EVERY if one[0] != "initializer"])
@both_dtypes
def test_traced_program_holds_no_input_as_a_constant(kind, name, dtype, example):
    """Initializers draw from a generator, outside of any program."""
    module = catalogue.find(kind, name)
    run, hyper, inputs = example(kind, module, dtype)
    traced = make_fx(vmap(run))(hyper, *inputs)
    _, _, others = example(kind, module, dtype, seed=1)
    hyper = tree_map(lambda value: value.flip(0), hyper)
    _same(traced(hyper, *others), vmap(run)(hyper, *others), dtype)


@pytest.mark.parametrize("name", catalogue.names("optimizer"))
@pytest.mark.parametrize("dtype", [torch.bfloat16, *DTYPES], ids=str)
def test_optimizer_state_is_never_narrower_than_float32(name, dtype):
    rule = catalogue.find("optimizer", name)
    parameter = torch.ones(4, 3, dtype=dtype)  # of a matrix Adafactor keeps less than of a vector
    state = rule.init(parameter, rule.Hyper())
    wide = torch.promote_types(dtype, torch.float32)
    for _ in range(2):
        assert all(part.dtype == wide for part in state)
        assert sum(part.shape == parameter.shape for part in state) == rule.CARD.state
        seen = Seen(parameter / 2, parameter.sum(), torch.zeros((), dtype=torch.int64))
        change, state = rule.update(seen, state, parameter, rule.Hyper())
        assert change.shape == parameter.shape and (dtype == torch.bfloat16 or change.dtype == dtype)


@pytest.mark.parametrize("name", catalogue.names("initializer"))
@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (1, 3), (6, 4, 3, 2)], ids=str)
def test_initializer_draws_contiguous_float32_by_its_generator(name, shape):
    rule = catalogue.find("initializer", name)
    source = torch.Generator().manual_seed(3)
    before = source.get_state()
    first = rule.draw(shape, source, rule.Hyper())
    again, other = (rule.draw(shape, torch.Generator().manual_seed(seed), rule.Hyper()) for seed in (3, 4))
    assert first.shape == shape and first.dtype == torch.float32 and first.is_contiguous()
    chance = not torch.equal(source.get_state(), before)  # an identity draws nothing
    assert torch.equal(first, again) and torch.equal(first, other) != chance
