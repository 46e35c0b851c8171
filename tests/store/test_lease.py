"""Who may write: one at a time, and the dead not at all."""

import os
import subprocess
import sys
import threading
import time

import pytest

from shoal.errors import UserError
from shoal.store import lease as leases
from shoal.store.lease import Lease, alive, machine, started
from shoal.store.record import Record

PROC = pytest.mark.skipif(not machine(), reason="needs /proc")
HOLDER = """
import sys, time
from pathlib import Path
from shoal.store.record import Record
record = Record(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def hold(folder):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, folder], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"held\n"
    return process


def rewrite(record, **fields):
    sets = ", ".join(f"{name} = ?" for name in fields)
    record._connection.execute(f"UPDATE lease SET {sets}", tuple(fields.values()))


def test_a_second_writer_is_refused_while_readers_are_not(tmp_path):
    process = hold(tmp_path)
    try:
        with pytest.raises(UserError, match=f"in use by process {process.pid}.*--out"):
            Record(tmp_path)
        with Record(tmp_path, write=False) as reader:
            assert reader.active()
    finally:
        process.kill()
        process.wait()


@PROC
def test_a_killed_writer_is_followed_at_once_even_as_a_zombie(tmp_path):
    process = hold(tmp_path)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet waited for: a zombie
    with Record(tmp_path, write=False) as reader:
        assert not reader.active()
    Record(tmp_path).close()
    process.wait()


def test_one_process_cannot_open_it_twice_for_writing(tmp_path):
    with Record(tmp_path), pytest.raises(UserError, match=str(os.getpid())):
        Record(tmp_path)
    Record(tmp_path).close()


def test_of_many_that_open_a_new_folder_at_once_one_wins(tmp_path):
    for round_ in range(10):
        (folder := tmp_path / str(round_)).mkdir()
        start, won, refused = threading.Barrier(6), [], []

        def contend(folder=folder, start=start, won=won, refused=refused):
            start.wait()
            try:
                won.append(Record(folder))
            except UserError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=contend) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1 and all("in use by process" in reason for reason in refused), refused
        won[0].close()


def test_a_lease_of_another_machine_lives_until_it_expires(tmp_path):
    now = time.time()
    assert alive(Lease("x", "another boot", 1, "1", now + 5))
    assert not alive(Lease("x", "another boot", 1, "1", now - 1))
    assert alive(Lease("x", "", 1, "", now + 5))


@PROC
def test_a_process_number_used_again_is_not_the_owner():
    now, pid = time.time(), os.getpid()
    assert alive(Lease("x", machine(), pid, started(pid), now + 5))
    assert not alive(Lease("x", machine(), pid, "1", now + 5))
    assert not alive(Lease("x", machine(), 2**22 + 1, "1", now + 5))


def test_a_process_that_was_taken_over_writes_nothing_more(tmp_path):
    slept = Record(tmp_path)
    rewrite(slept, expires_at=time.time() - 1)
    with Record(tmp_path) as heir:
        with pytest.raises(UserError, match="taken over"):
            slept.note("too late")
        heir.note("mine")
        slept.close()
        assert heir.notes() == ["mine"]
        heir.note("still mine")
        assert heir.active()


def test_a_sleeper_that_nobody_followed_goes_on(tmp_path):
    with Record(tmp_path) as record:
        rewrite(record, expires_at=time.time() - 1)
        record.note("awake again")
        assert record.active()


def test_the_lease_is_renewed_without_a_write(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.3)
    with Record(tmp_path), Record(tmp_path, write=False) as reader:
        end = time.monotonic() + 0.9
        while time.monotonic() < end:
            assert reader.active()
            time.sleep(0.05)
    with Record(tmp_path, write=False) as reader:
        assert not reader.active()
