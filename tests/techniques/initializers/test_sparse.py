"""Sparse beside torch.nn.init.sparse_: as many nonzeros for each unit, of the same size."""

import pytest
import torch

from shoal.errors import UserError
from shoal.techniques.initializers import sparse


def drawn(shape, nonzeros, std=0.4, seed=1):
    return sparse.draw(shape, torch.Generator().manual_seed(seed), sparse.Hyper(nonzeros, std))


@pytest.mark.parametrize("nonzeros", [1.0, 6.0, 15.4, 50.0])
def test_every_unit_has_as_many_nonzeros_as_a_column_of_torchs(nonzeros):
    shape, count = (40, 50), round(nonzeros)
    witness = torch.nn.init.sparse_(torch.empty(50, 40), (50 - count) / 50, std=0.4).T
    ours = drawn(shape, nonzeros)
    assert torch.equal((ours != 0).sum(1), (witness != 0).sum(1))
    assert (ours != 0).sum(1).unique().tolist() == [count]


def test_positions_of_a_kernel_are_inputs_and_a_small_layer_hears_all():
    assert (drawn((6, 4, 3, 3), 7).flatten(1) != 0).sum(1).tolist() == [7] * 6
    assert bool((drawn((6, 4), 15) != 0).all())


def test_weights_are_normal_of_this_std_and_no_input_is_preferred():
    many = torch.stack([drawn((30, 20), 5, 0.7, seed) for seed in range(400)])
    chosen = many[many != 0]
    assert float(chosen.std()) == pytest.approx(0.7, rel=0.01) and abs(float(chosen.mean())) < 0.01
    share = (many != 0).double().mean((0, 1))  # of 12 000 units
    assert float((share - 0.25).abs().max()) < 4.5 * (0.25 * 0.75 / 12_000) ** 0.5


def test_vector_is_refused():
    with pytest.raises(UserError, match=r"shape \(3,\) has no inputs to choose"):
        drawn((3,), 2)
