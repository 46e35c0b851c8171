"""Which training rows are used, and which of them have a wrong class: nested, by seed, the same for all."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from population.members import assert_same, begin, go_on, numbers, table
from shoal.errors import UserError
from shoal.population.batches import Batches, Data, train_rows, training_steps
from shoal.population.evaluate import losses_and_scores
from shoal.population.randomness import subset, wrong_classes
from shoal.population.recipe import Job, Recipe

TASK = table()
SHARES = st.floats(0, 0.99)


def data(seeds=(4, 9), **recipe) -> Data:
    return Data(TASK, seeds, torch.float64, "cpu", Recipe(**recipe))


def targets(of: Data, seed: int) -> dict[int, int]:
    """Class by row number of the task, of the training rows in use."""
    rows = of.rows(seed, "train")
    prepared = TASK.prepare(seed)
    places = {tuple(x.tolist()): number for number, x in enumerate(prepared.x)}
    return {places[tuple(of.x[row].float().tolist())]: int(of.y[row]) for row in rows}


@given(st.integers(0, 2**63 - 1), st.integers(1, 60), st.integers(1, 60))
def test_fewer_rows_are_a_subset_of_more(seed, one, other):
    small, large = subset(seed, 60, min(one, other)).tolist(), subset(seed, 60, max(one, other)).tolist()
    assert set(small) <= set(large) and len(set(small)) == min(one, other)
    assert large == sorted(large) and subset(seed, 60, 60).tolist() == list(range(60))


def test_a_recipe_trains_on_as_many_rows_as_it_says():
    for size in (1, 20, 51):
        recipe = Recipe(width=8, batch_size=16, train_size=size, epochs=3)
        assert train_rows(TASK, recipe) == size and training_steps(TASK, recipe) == 3 * -(-size // 16)
        used = data(train_size=size)
        drawn = Batches(used, min(16, size)).table([4], [0], -(-size // 16))
        rows = torch.cat([row[weight > 0] for row, weight in zip(drawn.rows, drawn.weight, strict=True)])
        assert rows.sort().values.tolist() == used.rows(4, "train").tolist()
        assert size in (1, 51) or used.rows(4, "train").tolist() != data().rows(4, "train")[:size].tolist()
        assert set(rows.tolist()) <= set(TASK.prepare(4).train.tolist()) and len(rows) == size
        (outcome,) = begin(TASK, [Job("one", recipe, 4)]).run()
        assert outcome.steps == 3 * -(-size // 16)


@settings(max_examples=30)
@given(st.integers(0, 2**63 - 1), SHARES, SHARES)
def test_noise_is_nested_and_a_wrong_class_stays_the_same(seed, one, other):
    y, rows = torch.arange(90) % 3, torch.arange(5, 85)
    (few, wrong), (many, also) = (wrong_classes(seed, y, rows, 3, share) for share in sorted((one, other)))
    assert len(few) == round(min(one, other) * 80)
    assert (
        dict(zip(few.tolist(), wrong.tolist(), strict=True)).items()
        <= dict(zip(many.tolist(), also.tolist(), strict=True)).items()
    )
    assert (also != y[rows[many]]).all() and ((also >= 0) & (also < 3)).all()


def test_a_rows_noise_does_not_depend_on_other_rows():
    y = torch.arange(4000) % 4
    rows = torch.arange(4000)
    chosen, wrong = wrong_classes(5, y, rows, 4, 0.5)
    shifts = ((wrong - y[chosen]) % 4).bincount(minlength=4).tolist()
    assert shifts[0] == 0 and min(shifts[1:]) > 600, "every wrong class is as likely"
    some, others = wrong_classes(5, y, rows[::2], 4, 0.5)
    both = dict(zip(chosen.tolist(), wrong.tolist(), strict=True))
    shared = [
        both[2 * row] == new
        for row, new in zip(some.tolist(), others.tolist(), strict=True)
        if 2 * row in both
    ]
    assert len(shared) > 900 and all(shared)


def test_noise_is_in_training_rows_only_and_different_by_seed():
    clean, noisy = data(), data(label_noise=0.3)
    for part in ("valid", "test"):
        for seed in (4, 9):
            assert torch.equal(clean.rows(seed, part), noisy.rows(seed, part))
            assert torch.equal(clean.y[clean.rows(seed, part)], noisy.y[noisy.rows(seed, part)])
    wrong = {}
    for seed in (4, 9):
        before, after = targets(clean, seed), targets(noisy, seed)
        assert before.keys() == after.keys()
        wrong[seed] = {row: after[row] for row in after if after[row] != before[row]}
        assert len(wrong[seed]) == round(0.3 * 51)
    assert wrong[4] != wrong[9]
    assert targets(data((9,), label_noise=0.3), 9) == targets(noisy, 9), "a seed alone has the same noise"
    fewer = targets(data(label_noise=0.3, train_size=20), 4)
    assert fewer.items() <= targets(noisy, 4).items() and len(fewer) == 20


def test_a_member_with_noise_and_fewer_rows_obeys_the_law():
    recipe = Recipe(width=8, batch_size=8, epochs=100, train_size=30, label_noise=0.2)
    job, others = (
        Job("one", recipe, 3),
        [Job(str(seed), recipe.with_hyper(adam__lr=0.01 * seed), seed) for seed in (3, 5, 7)],
    )
    together, alone = go_on(begin(TASK, [*others, job]), 25), go_on(begin(TASK, [job]), 25)
    assert_same(numbers(together.stack, "one"), numbers(alone.stack, "one"))
    for part in ("train", "valid", "test"):
        one, other = (losses_and_scores(TASK, each.data, each.stack, part) for each in (alone, together))
        row = [each.name for each in together.stack.jobs].index("one")
        assert float(one[0][0]) == pytest.approx(float(other[0][row]), rel=1e-8)


def test_members_of_other_rows_are_not_of_one_stack():
    recipe = Recipe(width=8)
    for other in (replace(recipe, train_size=20), replace(recipe, label_noise=0.1)):
        with pytest.raises(ValueError, match="train_size or label_noise"):
            begin(TASK, [Job("one", recipe, 1), Job("other", replace(other, batch_size=64), 1)])


@pytest.mark.parametrize("size", [0, 52, -3, 2.5, True])
def test_a_size_that_the_task_does_not_have_is_one_sentence(size):
    with pytest.raises(UserError, match=f"train_size {size} is no number of rows from 1 to 51"):
        train_rows(TASK, Recipe(train_size=size))


def test_noise_out_of_place_is_one_sentence():
    for share in (1.0, -0.1, float("nan")):
        with pytest.raises(UserError, match=r"label_noise .* must lie in \[0, 1\)"):
            data(label_noise=share)
    with pytest.raises(UserError, match="replaces classes, but task 'own' is a regression"):
        Data(table(classes=None), [1], torch.float64, "cpu", Recipe(label_noise=0.1))
