"""Checkpoints round-trip, and a torn, altered or oversized one is never taken for a good one."""

import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from shoal.errors import UserError
from shoal.store import checkpoint
from shoal.store.checkpoint import Checkpoint, DamagedCheckpointError

TENSORS = {
    "matrix": torch.tensor([[1.5, math.nan, -math.inf], [-0.0, 1e-45, 3.0]]),
    "scalar": torch.tensor(0.1, dtype=torch.float64),
    "empty": torch.zeros(0, 3),
    "seeds": torch.tensor([2**62 + 1, -5]),
    "half": torch.tensor([0.1, 7.0], dtype=torch.bfloat16),
    "mask": torch.tensor([True, False]),
    "sha256": torch.arange(3, dtype=torch.uint8),
}
META = {
    "jobs": ["tune/adam/0"],
    "loss": math.nan,
    "text": '"sha256":"' + "0" * 64,
    "步": [None, 1, {"a": 0.1}],
}


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return (
        one.contiguous().reshape(-1).view(torch.uint8).equal(other.contiguous().reshape(-1).view(torch.uint8))
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "stack.safetensors"


def test_round_trip_bit_by_bit(path):
    checkpoint.save(path, TENSORS, META)
    loaded = checkpoint.load(path)
    assert isinstance(loaded, Checkpoint)
    assert loaded.tensors.keys() == TENSORS.keys()
    assert all(same_bits(loaded.tensors[name], tensor) for name, tensor in TENSORS.items())
    assert math.isnan(loaded.meta.pop("loss"))
    assert loaded.meta == {name: value for name, value in META.items() if name != "loss"}


def test_views_transposes_and_gradients_are_saved_by_value(path):
    base = torch.arange(6.0, requires_grad=True)
    checkpoint.save(path, {"a": base[:3], "b": base[2:], "t": base.reshape(2, 3).T}, None)
    loaded = checkpoint.load(path).tensors
    assert loaded["a"].equal(base[:3]) and loaded["b"].equal(base[2:])
    assert loaded["t"].equal(base.reshape(2, 3).T) and not loaded["t"].requires_grad
    loaded["a"].add_(1)
    assert loaded["b"][0] == 2


def test_other_programs_read_it(path):
    checkpoint.save(path, TENSORS, META)
    with safe_open(path, "pt") as file:
        assert file.get_tensor("seeds").equal(TENSORS["seeds"])
        assert "meta" in file.metadata()


def test_absence_is_none_and_not_damage(path):
    assert checkpoint.load(path) is None


def test_a_file_torn_anywhere_is_damaged(path):
    checkpoint.save(path, TENSORS, META)
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 7), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedCheckpointError, match="torn"):
            checkpoint.load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(DamagedCheckpointError):
        checkpoint.load(path)


def test_any_flipped_bit_is_damage(path):
    checkpoint.save(path, TENSORS, META)
    whole = path.read_bytes()
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1 << (place % 8)
        path.write_bytes(altered)
        with pytest.raises(DamagedCheckpointError):
            checkpoint.load(path)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_no_bytes_at_all_do_anything_but_damage(path, data):
    path.write_bytes(data)
    with pytest.raises(DamagedCheckpointError):
        checkpoint.load(path)


def test_a_safetensors_file_of_another_program_is_no_checkpoint(path):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, path)
    with pytest.raises(DamagedCheckpointError, match="checksum"):
        checkpoint.load(path)


def test_sizes_are_bounded_before_anything_is_read(path):
    with pytest.raises(UserError, match="more than 100"):
        checkpoint.save(path, {"a": torch.ones(100)}, None, maximum=100)
    assert not path.exists()
    checkpoint.save(path, {"a": torch.ones(100)}, None)
    with pytest.raises(UserError, match="more than 100") as caught:
        checkpoint.load(path, maximum=100)
    assert not isinstance(caught.value, DamagedCheckpointError)


def test_a_header_that_claims_too_much_is_refused_unread(path):
    with open(path, "wb") as file:
        file.write((2**62).to_bytes(8, "little"))
        file.truncate(10 * 2**30)  # sparse: takes no room
    with pytest.raises(DamagedCheckpointError):
        checkpoint.load(path)
