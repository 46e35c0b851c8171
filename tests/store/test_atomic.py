"""Files that are there whole or not at all, also when the writer is killed."""

import random
import signal
import subprocess
import sys
import time

import pytest

from shoal.errors import UserError
from shoal.store.atomic import write_bytes, write_text

WRITER = """
import sys
from pathlib import Path
from shoal.store.atomic import write_bytes
print("ready", flush=True)
number = 0
while True:
    number = (number + 1) % 256
    write_bytes(Path(sys.argv[1]), bytes([number]) * (100_000 + number))
"""


def test_text_is_replaced_and_nothing_else_is_left(tmp_path):
    write_text(tmp_path / "report.html", "old")
    write_text(tmp_path / "report.html", "Grüße")
    assert (tmp_path / "report.html").read_bytes() == "Grüße".encode()
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_failed_write_leaves_the_old_file_and_no_leftover(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "inside").touch()
    with pytest.raises(UserError, match="cannot be written"):
        write_bytes(tmp_path / "target", b"new")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["target"]
    with pytest.raises(UserError, match=r"absent.*--out"):
        write_bytes(tmp_path / "absent" / "file", b"new")


def test_a_disk_that_refuses_half_way_leaves_the_old_file(tmp_path):
    """A limit on file size stands in for a full disk."""
    path = tmp_path / "file"
    write_bytes(path, b"old")
    script = (
        "import resource, sys; from pathlib import Path; from shoal.store.atomic import write_bytes\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try: write_bytes(Path(sys.argv[1]), b'new' * 10_000)\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert "cannot be written (File too large)" in done.stdout, done.stderr
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_killed_writer_leaves_a_whole_file(tmp_path):
    path, delays = tmp_path / "file", random.Random(0)
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.02 + 0.1 * delays.random())
            writer.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert len(data) == 100_000 + data[0] and data == data[:1] * len(data)
