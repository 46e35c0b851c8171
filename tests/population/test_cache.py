"""Only files of the user's own, whole and unaltered, are ever loaded."""

import os
import stat

import pytest

from shoal.errors import UserError
from shoal.population import cache


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOAL_CACHE", str(tmp_path / "own" / "cache"))
    return tmp_path / "own" / "cache"


@pytest.fixture
def stored(folder, tmp_path):
    source = tmp_path / "made.so"
    source.write_bytes(b"code" * 1000)
    return cache.put("made.so", source)


def test_what_is_put_is_found_in_a_folder_of_the_users_own(folder, stored):
    assert cache.find("made.so") == stored and stored.read_bytes() == b"code" * 1000
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["made.so", "made.so.sha256"]
    assert cache.find("other.so") is None


@pytest.mark.parametrize("spoil", ["altered", "cut", "longer", "proof gone", "proof of another"])
def test_an_altered_file_is_not_loaded(stored, spoil):
    proof = stored.with_name("made.so.sha256")
    data = stored.read_bytes()
    {
        "altered": lambda: stored.write_bytes(data[:-1] + b"!"),
        "cut": lambda: stored.write_bytes(data[:-1]),
        "longer": lambda: stored.write_bytes(data + b"!"),
        "proof gone": proof.unlink,
        "proof of another": lambda: proof.write_text("0" * 64),
    }[spoil]()
    assert cache.find("made.so") is None


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720])
def test_a_folder_that_others_can_write_is_refused(folder, stored, mode):
    folder.chmod(mode)
    with pytest.raises(UserError, match="SHOAL_CACHE"):
        cache.find("made.so")
    with pytest.raises(UserError, match="written by others"):
        cache.put("more.so", stored)


def test_a_folder_or_file_of_somebody_else_is_refused(folder, stored, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(UserError, match="SHOAL_CACHE"):
        cache.find("made.so")


def test_a_place_that_is_no_folder_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SHOAL_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="SHOAL_CACHE"):
        cache.folder()


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(folder, stored, tmp_path, monkeypatch):
    def fails(*_: object) -> None:
        raise OSError("disk full")

    source = tmp_path / "next.so"
    source.write_bytes(b"next")
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="disk full"):
        cache.put("made.so", source)
    monkeypatch.undo()
    monkeypatch.setenv("SHOAL_CACHE", str(folder))
    assert cache.find("made.so") == stored and stored.read_bytes() == b"code" * 1000
    assert len(list(folder.iterdir())) == 2


def test_a_file_between_its_two_writes_is_not_believed(folder, stored, tmp_path, monkeypatch):
    """Killed after the file, before its checksum: the old checksum does not fit the new file."""
    source = tmp_path / "next.so"
    source.write_bytes(b"next")
    replace, times = os.replace, []

    def once(*arguments):
        times.append(arguments)
        if len(times) > 1:
            raise KeyboardInterrupt
        replace(*arguments)

    monkeypatch.setattr(os, "replace", once)
    with pytest.raises(KeyboardInterrupt):
        cache.put("made.so", source)
    assert stored.read_bytes() == b"next" and cache.find("made.so") is None


def test_keys_differ_by_every_part():
    assert (
        len(
            {
                cache.key("a", "b"),
                cache.key("ab"),
                cache.key("a"),
                cache.key("b", "a"),
                cache.key("a", "b", ""),
            }
        )
        == 5
    )
    assert cache.key("a", "b") == cache.key("a", "b")


def test_compiling_can_be_forbidden(monkeypatch):
    monkeypatch.setenv("SHOAL_COMPILE", "0")
    assert cache.compiler.__wrapped__() is None
