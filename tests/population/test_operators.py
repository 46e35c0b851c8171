"""shoal.matmul against torch.bmm, for every shape and every layout."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from shoal.population import cache, operators

pytestmark = [
    pytest.mark.compiler,
    pytest.mark.skipif(cache.compiler() is None, reason="needs a C++ compiler"),
]
SIZES = st.one_of(st.integers(0, 5), st.sampled_from([6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 255, 256, 257]))
LAYOUTS = (
    "rows",
    "columns",
    "members last",
    "every other",
    "one row for all",
    "one column for all",
    "one for all",
)


@pytest.fixture(scope="module", autouse=True)
def library(own_cache) -> None:
    operators.build()
    assert operators.load() and operators.built()


def laid_out(members: int, rows: int, columns: int, layout: str, seed: int) -> Tensor:
    """Random numbers [members, rows, columns], with strides as ``layout`` says."""
    source = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source)

    return {
        "rows": lambda: normal(members, rows, columns),
        "columns": lambda: normal(members, columns, rows).transpose(1, 2),
        "members last": lambda: normal(rows, columns, members).permute(2, 0, 1),
        "every other": lambda: normal(members, 2 * rows, 3 * columns)[:, ::2, ::3],
        "one row for all": lambda: normal(members, 1, columns).expand(members, rows, columns),
        "one column for all": lambda: normal(members, rows, 1).expand(members, rows, columns),
        "one for all": lambda: normal(1, rows, columns).expand(members, rows, columns),
    }[layout]()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 4), SIZES, SIZES, SIZES, st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS))
def test_equals_torchs_product(members, rows, depth, columns, left_layout, right_layout):
    left = laid_out(members, rows, depth, left_layout, 1)
    right = laid_out(members, depth, columns, right_layout, 2)
    found = torch.ops.shoal.matmul(left, right)
    assert found.is_contiguous()
    left, right = left.double(), right.double()
    bound = depth * 2.0**-24 * torch.bmm(left.abs(), right.abs())  # of any order of additions in float32
    assert ((found - torch.bmm(left, right)).abs() <= bound).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5), SIZES, SIZES, SIZES)
def test_a_members_product_does_not_depend_on_its_neighbors_bit_by_bit(members, rows, depth, columns):
    left, right = laid_out(members, rows, depth, "rows", 1), laid_out(members, depth, columns, "columns", 2)
    together = torch.ops.shoal.matmul(left, right)
    for row in range(members):
        alone = torch.ops.shoal.matmul(left[row : row + 1], right[row : row + 1])
        assert torch.equal(together[row : row + 1], alone)


def test_what_is_not_a_number_stays_with_its_member():
    left, right = laid_out(3, 5, 9, "rows", 1), laid_out(3, 9, 7, "rows", 2)
    left[1] = torch.nan
    found = torch.ops.shoal.matmul(left, right)
    assert found[1].isnan().all() and found[[0, 2]].isfinite().all()


def test_other_types_and_shapes_that_do_not_fit_are_refused():
    one = torch.zeros(2, 3, 4)
    for left, right in ((one.double(), one.double().mT), (one, one.mT.double()), (one.long(), one.mT.long())):
        with pytest.raises(RuntimeError, match="float32"):
            torch.ops.shoal.matmul(left, right)
    for left, right in ((one, one), (one, one[:1].mT)):
        with pytest.raises(RuntimeError, match="fit"):
            torch.ops.shoal.matmul(left, right)


def test_once_copies():
    value = torch.randn(5)
    copy = torch.ops.shoal.once(value)
    assert torch.equal(copy, value) and copy.data_ptr() != value.data_ptr()
