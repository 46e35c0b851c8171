"""Selection by rank beside plain Python sorting."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.func import vmap
from torch.fx.experimental.proxy_tensor import make_fx

from shoal.techniques.numerics.ranks import below_largest


@given(
    st.lists(st.integers(-3, 9), min_size=1, max_size=20),
    st.floats(0.001, 1.0),
    st.sampled_from([float, torch.tensor]),
)
def test_agrees_with_plain_sorting(scores, fraction, kind):
    number = min(max(1, round(fraction * len(scores))), len(scores))
    smallest = sorted(scores, reverse=True)[number - 1]
    given_as = fraction if kind is float else torch.tensor(fraction, dtype=torch.float64)
    found = below_largest(torch.tensor(scores, dtype=torch.float32), given_as)
    assert found.tolist() == [score < smallest for score in scores]


def test_keeps_the_shape_and_members_apart():
    score = torch.arange(12.0).view(2, 2, 3)
    still = vmap(below_largest)(score, torch.tensor([1 / 6, 0.5]))
    assert still.tolist() == [[[True] * 3, [True, True, False]], [[True] * 3, [False] * 3]]


@pytest.mark.parametrize("fraction", [0.4, 1.0])
def test_nan_is_below_nothing_and_nothing_is_below_nan(fraction):
    score = torch.tensor([1.0, float("nan"), 3.0])
    assert not below_largest(score, fraction)[1] and not below_largest(score, 1 / 3).any()


def test_one_trace_serves_every_size():
    """A selection by top-k would have the number that it was traced with."""
    traced = make_fx(vmap(below_largest), tracing_mode="symbolic")(torch.randn(3, 11), torch.rand(3))
    for members, size in ((1, 7), (5, 30)):
        score = torch.randn(members, size, generator=torch.Generator().manual_seed(size))
        fractions = torch.linspace(0.2, 0.9, members)
        assert torch.equal(traced(score, fractions), vmap(below_largest)(score, fractions))
