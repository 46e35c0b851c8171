"""mnist1d: the generator's own data, made once, without traces."""

import random

import numpy as np
import pytest
import torch
from mnist1d.data import get_dataset_args, make_dataset

from shoal.errors import UserError
from shoal.tasks.built_in import mnist1d


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache" / "shoal"


def test_the_official_data_and_split():
    official = make_dataset(get_dataset_args())
    data = mnist1d.task().prepare(0)
    assert (len(data.train), len(data.valid), len(data.test)) == (3200, 800, 1000)
    np.testing.assert_array_equal(data.x[data.test], official["x_test"].astype("float32"))
    np.testing.assert_array_equal(data.y[data.test], official["y_test"])
    np.testing.assert_array_equal(data.x[:4000], official["x"].astype("float32"))
    np.testing.assert_array_equal(data.y[:4000], official["y"])


def test_the_width_sweep_is_allowed():
    task = mnist1d.mnist1d_task(rows=1600, train_share=0.25, valid_share=0.0)
    data = task.prepare(3)
    assert (task.train_rows, len(data.valid), len(data.test)) == (400, 0, 1200)
    assert data.x is task.prepare(4).x


def test_global_randomness_and_the_working_folder_are_left_alone(tmp_path, cache, monkeypatch):
    def seeding_torch_too(arguments):  # as some versions of the package do
        torch.manual_seed(arguments.seed)
        return make_dataset(arguments)

    monkeypatch.setattr("mnist1d.data.make_dataset", seeding_torch_too)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.rand(), torch.rand(1).item()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    mnist1d.mnist1d_task(rows=100)
    assert (random.random(), np.random.rand(), torch.rand(1).item()) == expected
    assert [one.name for one in tmp_path.iterdir()] == ["cache"]
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize(
    "damage", [lambda good: good[:-50], lambda good: b"", lambda good: b"junk" + good[4:]]
)
def test_a_damaged_copy_is_made_anew(cache, monkeypatch, damage):
    before = mnist1d.mnist1d_task(rows=100)
    (file,) = cache.iterdir()
    good = file.read_bytes()
    file.write_bytes(damage(good))
    after = mnist1d.mnist1d_task(rows=100)
    assert after.fingerprint == before.fingerprint and file.read_bytes()[:100] == good[:100]
    monkeypatch.setattr(mnist1d, "_generate", None)
    assert mnist1d.mnist1d_task(rows=100).fingerprint == before.fingerprint


def test_a_copy_of_another_size_is_not_taken(cache):
    mnist1d.mnist1d_task(rows=100)
    (small,) = cache.iterdir()
    small.rename(small.with_name(small.name.replace("-100.", "-200.")))
    assert len(mnist1d.mnist1d_task(rows=200).prepare(0).x) == 200


@pytest.mark.parametrize(
    "arguments", [{"rows": 101}, {"rows": 0}, {"train_share": 1.0}, {"valid_share": 1.0}]
)
def test_what_cannot_be_made(arguments):
    with pytest.raises(UserError):
        mnist1d.mnist1d_task(**{"rows": 100, **arguments})
