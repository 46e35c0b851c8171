"""Operators of members under vmap: every place of the dimension, nested, and arguments that have none."""

import pytest
import torch
from torch.func import vmap

from shoal.techniques.numerics.member_operators import Operator, define


def outer(x, y):
    return x[:, :, None] * y[:, None, :], x.sum(1)


def shapes(x, y):
    return x.new_empty(*x.shape, y.shape[1]), x.new_empty(x.shape[0])


KEPT = define("shoal_tests", {"outer": Operator("(Tensor x, Tensor y) -> (Tensor, Tensor)", outer, shapes)})


@pytest.mark.parametrize("dimensions", [(0, 0), (1, 2), (2, None), (None, 0)])
def test_vmap_is_a_loop_over_its_dimension(dimensions):
    generator, sizes = torch.Generator().manual_seed(0), ([2, 4], [2, 5])
    given = []
    for size, place in zip(sizes, dimensions, strict=True):
        whole = size if place is None else [*size[:place], 3, *size[place:]]
        given.append(torch.randn(whole, generator=generator))
    found = vmap(torch.ops.shoal_tests.outer, dimensions)(*given)
    for number in range(3):
        own = [
            one if place is None else one.select(place, number)
            for one, place in zip(given, dimensions, strict=True)
        ]
        for made, expected in zip(found, outer(*own), strict=True):
            assert torch.equal(made[number], expected)


def test_vmap_of_vmap_is_a_loop_in_a_loop():
    x, y = torch.randn(3, 2, 6, 4), torch.randn(2, 6, 5)
    found = vmap(vmap(torch.ops.shoal_tests.outer), (0, None))(x, y)
    for one in range(3):
        for other in range(2):
            for made, expected in zip(found, outer(x[one, other], y[other]), strict=True):
                assert torch.equal(made[one, other], expected)


def test_shapes_stand_in_for_numbers():
    made, sums = torch.ops.shoal_tests.outer(
        torch.empty(2, 4, device="meta"), torch.empty(2, 5, device="meta")
    )
    assert made.shape == (2, 4, 5) and sums.shape == (2,)
