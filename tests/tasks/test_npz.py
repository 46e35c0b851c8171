"""Array files that lie, and writing whole or not at all."""

import io
import zipfile

import numpy as np
import pytest

from shoal.errors import UserError
from shoal.tasks.npz import read_npz, write_npz


def test_round_trip_leaves_one_file(tmp_path):
    file = tmp_path / "deep" / "a.npz"
    write_npz(file, x=np.arange(6.0).reshape(2, 3), y=np.array([1, 2]))
    write_npz(file, x=np.ones((2, 3)), y=np.array([1, 2]))
    np.testing.assert_array_equal(read_npz(file, ("x", "y"))["x"], np.ones((2, 3)))
    assert [one.name for one in file.parent.iterdir()] == ["a.npz"]


def test_sizes_are_checked_before_anything_is_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(10**6))
    with pytest.raises(UserError, match=r"would unpack to 8,000,128 bytes; at most 1,000 are read"):
        read_npz(tmp_path / "bomb.npz", ("x",), most_bytes=1000)


def test_a_header_that_promises_more_than_there_is(tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**9,)})
    with zipfile.ZipFile(tmp_path / "liar.npz", "w") as archive:
        archive.writestr("x.npy", stream.getvalue() + b"\0" * 64)
    with pytest.raises(UserError, match=r"x.npy states 8,000,000,000 bytes of data"):
        read_npz(tmp_path / "liar.npz", ("x",))


def test_python_objects_are_not_loaded(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(UserError, match=r"holds Python objects in x.npy"):
        read_npz(tmp_path / "a.npz", ("x",))


def test_what_is_no_npz(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"junk")
    with pytest.raises(UserError, match=r"a.npz cannot be read as .npz"):
        read_npz(tmp_path / "a.npz", ("x",))
    with pytest.raises(UserError, match="there is no file"):
        read_npz(tmp_path / "b.npz", ("x",))
    np.savez(tmp_path / "c.npz", data=np.ones(3))
    with pytest.raises(UserError, match=r"has no array 'x'; it needs x and y, and has data"):
        read_npz(tmp_path / "c.npz", ("x", "y"))
