"""What a budget pays, and in which order things are given up."""

import pytest

from shoal.experiments.sizing import ENOUGH, MOST, decide, lengths


def cost(epochs: float) -> float:
    return epochs


EPOCHS = lengths(1000)


def size(capacity: float, seeds: int | None = None, tune: bool = True):
    return decide(cost, capacity, EPOCHS, EPOCHS[0], seeds, tune)


@pytest.mark.parametrize("rows", [50, 1000, 96_000, 10_000_000])
def test_lengths_fall_from_a_full_training_to_a_glimpse(rows):
    found = lengths(rows)
    assert found == sorted(found, reverse=True) and found[0] <= 200
    assert found[0] >= 1 and found[-1] * rows <= max(6_000, found[0] * rows / 16) * 1.01


def test_lengths_that_are_all_told_leave_nothing_to_consider():
    assert lengths(1000, [5.0, 20.0]) == [20.0]
    assert lengths(1000, [5.0, None]) == lengths(1000, []) == lengths(1000)


@pytest.mark.parametrize("exponent", [e / 4 for e in range(24)])
@pytest.mark.parametrize("seeds", [None, 3, 20])
def test_what_is_decided_always_fits(exponent, seeds):
    capacity = 10**exponent
    found = size(capacity, seeds)
    networks = found.tuning.networks + found.evaluation_seeds
    assert networks * cost(found.epochs) <= capacity or networks == 0
    assert found.evaluation_seeds <= (MOST if seeds is None else seeds)


def test_trials_go_first_then_length_then_seeds_then_tuning():
    sizes = [size(10 ** (e / 10)) for e in range(50, -1, -1)]
    trials = [one.tuning.trials for one in sizes if one.epochs == EPOCHS[0]]
    assert trials == sorted(trials, reverse=True) and trials[-1] == 8
    assert all(one.tuning.finals >= 2 for one in sizes if one.epochs > EPOCHS[-1])
    shorter = [one for one in sizes if one.epochs < EPOCHS[0]]
    assert all(one.evaluation_seeds >= ENOUGH for one in shorter if one.epochs > EPOCHS[-1])
    few = [one for one in sizes if one.evaluation_seeds < ENOUGH]
    assert few and all(one.epochs == EPOCHS[-1] for one in few)
    untuned = [one for one in sizes if one.tuning.trials < 4]
    assert untuned and all(one.evaluation_seeds < ENOUGH for one in untuned)


def test_what_was_given_up_is_said():
    assert size(1e6).notes == ()
    assert any("shortens training" in note for note in size(400).notes)
    assert any("so all stays undecided" in note for note in size(60).notes)
    assert any("no tuning" in note for note in size(10).notes)
    assert any("--seeds asks for 3" in note for note in size(1e6, seeds=3).notes)


def test_arms_with_nothing_to_tune_are_not_tuned():
    found = size(1e4, tune=False)
    assert found.tuning.networks == 0 and found.notes == ()


@pytest.mark.parametrize("exponent", [e / 4 for e in range(8, 24)])
@pytest.mark.parametrize("trials", [4, 7, 50])
def test_trials_that_are_fixed_stay_or_are_given_up_whole(exponent, trials):
    found = decide(cost, 10**exponent, EPOCHS, EPOCHS[0], None, True, trials)
    assert found.tuning.trials in (trials, 1)
    assert (found.tuning.networks + found.evaluation_seeds) * cost(found.epochs) <= 10**exponent
    if found.tuning.trials == 1:
        assert any("no tuning" in note for note in found.notes)


def test_with_fixed_trials_training_is_shortened_before_their_finals_are_left_out():
    rich, poor = (decide(cost, capacity, EPOCHS, EPOCHS[0], None, True, 20) for capacity in (1e5, 350.0))
    assert (rich.epochs, rich.tuning.finals) == (EPOCHS[0], 32)
    assert (poor.epochs, poor.tuning.trials, poor.tuning.finals) == (EPOCHS[-1], 20, 0)
