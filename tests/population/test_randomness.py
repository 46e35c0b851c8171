"""Common random numbers: rows, noise and draws are functions of the seed alone."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from population.members import table
from shoal.population.batches import Batches, Data, batch_size, steps_an_epoch, total_steps
from shoal.population.randomness import derive, generator, noise_keys, order
from shoal.population.recipe import Recipe

SEEDS = st.integers(0, 2**63 - 1)


def test_seeds_are_the_same_on_every_machine():
    assert derive(3, "draw", "head.weight") == 9753694894700055
    assert order(3, 1, 8).tolist() == order(3, 1, 8).tolist() != order(3, 2, 8).tolist()


@given(SEEDS, SEEDS, st.integers(0, 5))
def test_another_seed_or_name_gives_other_numbers(seed, other, epoch):
    assert 0 <= derive(seed, "order", epoch) < 2**63
    assert (derive(seed, "order", epoch) == derive(other, "order", epoch)) == (seed == other)
    assert derive(seed, "order", epoch) != derive(seed, "draw", epoch)
    drawn = [torch.rand(4, generator=generator(one, "draw")) for one in (seed, other)]
    assert torch.equal(*drawn) == (seed == other)


@given(SEEDS, st.integers(0, 9), st.integers(1, 60))
def test_an_epoch_is_every_row_once(seed, epoch, rows):
    assert order(seed, epoch, rows).sort().values.tolist() == list(range(rows))


def test_noise_keys_differ_by_seed_and_step_and_not_by_place():
    seeds, steps = torch.tensor([1, 2, 2**40 + 1, 1]), torch.arange(50)[:, None]
    keys = noise_keys(seeds, steps.expand(50, 4))
    assert torch.equal(keys[:, 0], keys[:, 3]) and keys[:, :3].unique().numel() == 150
    assert torch.equal(keys[7, 2], noise_keys(seeds[2:3], torch.tensor([[7]]))[0, 0])


def test_a_large_batch_is_two_small_ones_and_a_short_one_is_filled_up_with_what_does_not_count():
    task = table()
    assert task.train_rows == 51
    data = Data(task, [4, 9], torch.float64, "cpu")
    small = Batches(data, 8).table([4, 9, 4], [0, 0, 14], 14)
    large = Batches(data, 16).table([4, 9, 4], [0, 0, 8], 8)
    for step in range(3):
        pair = torch.cat([small.rows[2 * step], small.rows[2 * step + 1]], 1)
        assert torch.equal(pair[:2], large.rows[step][:2])
        assert bool(large.weight[step].all())
    assert large.weight[3].tolist() == [[1.0] * 3 + [0.0] * 13] * 3
    assert small.weight[6].sum(1).tolist() == [3, 3, 3]
    prepared = task.prepare(4)
    expected = prepared.train[order(4, 1, 51)][:16]
    assert torch.equal(large.rows[4][0], expected), "the second epoch is another order"
    assert torch.equal(large.rows[0][2], prepared.train[order(4, 2, 51)][:16]), (
        "each member has its own place"
    )


def test_batch_sizes_and_steps():
    assert batch_size(Recipe(batch_size="all"), 51) == batch_size(Recipe(batch_size=64), 51) == 51
    assert steps_an_epoch(Recipe(batch_size=16), 51) == 4
    assert total_steps(Recipe(batch_size=16, epochs=2.6), 51) == 10
    assert total_steps(Recipe(epochs=1e-9), 51) == 1
