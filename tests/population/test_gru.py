"""The recurrence in C++ against the one of torch's operations, and graphs that are rewritten to it."""

from dataclasses import replace

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from shoal.networks.recurrence import OPERATORS
from shoal.population import cache, operators
from shoal.population.gradient import _example, gradient_program
from shoal.population.recipe import Recipe
from shoal.population.rewrite import rewritten
from shoal.population.template import template
from shoal.tasks.arrays import from_arrays

pytestmark = [
    pytest.mark.compiler,
    pytest.mark.skipif(cache.compiler() is None, reason="needs a C++ compiler"),
]
SIZES = st.one_of(st.integers(1, 5), st.sampled_from([15, 16, 17, 33, 64, 100]))


@pytest.fixture(scope="module", autouse=True)
def library(own_cache) -> None:
    operators.build()
    assert operators.load()


def drawn(members: int, length: int, rows: int, hidden: int) -> tuple[list[Tensor], Tensor]:
    """Arguments of a recurrence, and a gradient by its states; some places are filled up."""
    source = torch.Generator().manual_seed(7)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source)

    wide = (members, 3 * hidden)
    weight = normal(*wide, hidden) / hidden**0.5
    kept = torch.rand(members, length, rows, generator=source) < 0.7
    states = normal(members, length, rows, hidden)
    return [normal(members, length, rows, 3 * hidden), weight, normal(*wide), normal(*wide), kept], states


def both_ways(space: object, given: list[Tensor], gradient: Tensor) -> list[Tensor]:
    states, gates = space.gru(*given)
    return [states, *space.gru_backward(gradient, states, gates, given[1], given[4])]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(1, 12), SIZES, SIZES)
@example(2, 9, 300, 17)
@example(1, 40, 8, 64)
def test_it_does_what_torchs_operations_do(members, length, rows, hidden):
    given, gradient = drawn(members, length, rows, hidden)
    exact = [one.double() if one.is_floating_point() else one for one in given]
    expected = both_ways(torch.ops.shoal_networks, exact, gradient.double())
    found = both_ways(torch.ops.shoal, given, gradient)
    for one, other in zip(found, expected, strict=True):
        scale = float(other.abs().max()) + 1e-30
        assert one.is_contiguous() and float((one - other).abs().max()) <= 1e-5 * scale


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 4), st.integers(1, 6), SIZES, SIZES)
def test_a_members_numbers_do_not_depend_on_its_neighbors_bit_by_bit(members, length, rows, hidden):
    given, gradient = drawn(members, length, rows, hidden)
    together = both_ways(torch.ops.shoal, given, gradient)
    for row in range(members):
        own = slice(row, row + 1)
        alone = both_ways(torch.ops.shoal, [one[own] for one in given], gradient[own])
        assert all(torch.equal(one[own], other) for one, other in zip(together, alone, strict=True))


def test_small_and_large_numbers_are_exact_too():
    given, _ = drawn(1, 1, 1, 16)
    x = torch.tensor([1e-30, -1e-12, 1e-6, -1e-3, 0.1, -0.5, 1, -3, 8.9, -9.1, 20, -60, 89, -200, 1e9, -1e30])
    for gate in range(3):
        inputs = torch.zeros(1, 1, 1, 3, 16)
        inputs[0, 0, 0, gate] = x
        ours = torch.ops.shoal.gru(inputs.flatten(3), *(0 * one for one in given[1:4]), given[4] | True)
        exact = torch.tanh(x.double()) if gate == 2 else torch.sigmoid(x.double())
        found = ours[1][0, 0, 0].view(4, 16)[gate]
        torch.testing.assert_close(found.double(), exact, rtol=1e-6, atol=1e-33)


def test_what_is_not_a_number_stays_with_its_member_and_row():
    given, gradient = drawn(3, 4, 5, 8)
    given[4][:] = True
    given[0][1, 2, 3] = torch.nan
    states, by_inputs, by_weight, *_ = both_ways(torch.ops.shoal, given, gradient)
    broken = states.isnan().any(-1)
    assert broken[1, 2:, 3].all() and broken.sum() == 2
    assert by_inputs[[0, 2]].isfinite().all() and by_weight[[0, 2]].isfinite().all()
    assert by_inputs[1, :, 3].isnan().any() and by_inputs[1, :, [0, 1, 2, 4]].isfinite().all()


def test_other_types_and_shapes_that_do_not_fit_are_refused():
    given, gradient = drawn(2, 3, 4, 5)
    with pytest.raises(RuntimeError, match="float32"):
        torch.ops.shoal.gru(given[0].double(), *given[1:])
    with pytest.raises(RuntimeError, match="bool"):
        torch.ops.shoal.gru(*given[:4], given[4].float())
    with pytest.raises(RuntimeError, match="fit"):
        torch.ops.shoal.gru(given[0], given[1][:1], *given[2:])
    states, gates = torch.ops.shoal.gru(*given)
    with pytest.raises(RuntimeError, match="fit"):
        torch.ops.shoal.gru_backward(gradient[:1], states, gates, given[1], given[4])


@pytest.mark.parametrize("name", OPERATORS)
def test_the_library_and_the_declaration_say_the_same(name):
    declared = str(getattr(torch.ops.shoal_networks, name).default._schema)
    assert str(getattr(torch.ops.shoal, name).default._schema) == declared.replace(
        "shoal_networks::", "shoal::"
    )


def test_the_graph_of_a_recurrent_network_is_rewritten_to_it():
    task = replace(from_arrays(torch.ones(40, 5), torch.arange(40) % 2), vocabulary=9)
    made = template(task, Recipe("text_gru", width=7, depth=2, batch_size=4))
    program = gradient_program(made, 4)
    program.trace()
    rewrite = rewritten(program._traced[0], per_member=False)
    targets = [str(node.target) for node in rewrite.graph.nodes]
    assert targets.count("shoal.gru.default") == targets.count("shoal.gru_backward.default") == 2
    assert not [name for name in targets if name.startswith(("shoal_networks.", "aten.bmm"))]
    source = torch.Generator().manual_seed(5)
    for members in (1, 4):
        inputs = _example(made, members, 4, torch.float32)
        for value in inputs[: len(made.shapes)]:
            value.normal_(generator=source)
        inputs[len(made.shapes)].random_(9, generator=source)
        for one, other in zip(rewrite(*inputs), program(inputs), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
