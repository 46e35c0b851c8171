"""The fixtures that hold techniques against witnesses assert it, and record how far off they are."""

import pytest
import torch

from shoal.techniques.optimizers import sgd
from shoal.techniques.schedules import cosine

WALK = [torch.tensor([1.0, -step], dtype=torch.float64) for step in range(1, 31)]


@pytest.fixture
def recorded():
    """What the test has recorded so far."""
    return []


@pytest.fixture
def record_property(recorded):
    """In place of pytest's: nothing was compared in truth, so nothing may reach the page."""
    return lambda name, value: recorded.append(value) if name == "agreement" else None


def test_walk_records_its_largest_difference_relative_to_its_step(agrees, recorded):
    theirs = [*WALK[:-1], WALK[-1] * (1 + 3e-11)]
    agrees(sgd, "torch.optim.SGD", WALK, theirs, known="none")
    ((*named, found, known),) = recorded
    assert (named, known) == (["optimizer", "sgd", "torch.optim.SGD", 30, 0], "none")
    assert found == pytest.approx(3e-11, rel=1e-4)


@pytest.mark.parametrize(
    "theirs",
    [
        [one * (1 + 2e-10) for one in WALK],
        [one.float() for one in WALK],
        [one * float("nan") for one in WALK],
        [*WALK[:-1], WALK[0]],
    ],
    ids=["off", "float32", "nan", "last step"],
)
def test_walk_that_differs_fails_and_records_nothing(theirs, agrees, recorded):
    with pytest.raises(AssertionError):
        agrees(sgd, "torch.optim.SGD", WALK, theirs)
    assert recorded == []


def test_short_walk_is_no_witness(agrees, recorded):
    with pytest.raises(AssertionError):
        agrees(sgd, "torch.optim.SGD", WALK[:29], WALK[:29])


def test_values_record_how_many_they_are(agrees_at, recorded):
    agrees_at(cosine, "plain floats", [1.0, 0.0, 2.0], [1.0, 0.0, 2.0 + 1e-10])
    ((*named, found, _),) = recorded
    assert named == ["schedule", "cosine", "plain floats", 0, 3]
    assert found == pytest.approx(5e-11, rel=1e-4)
    with pytest.raises(AssertionError):
        agrees_at(cosine, "plain floats", [1.0], [1.0 + 1e-9])
