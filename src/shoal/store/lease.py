"""Who may write to a results folder: a lease that expires unless its owner renews it.

A killed process leaves its lease behind. On the same machine it is seen at once that no process has that
number and start time any more; from another machine, or where there is no /proc, the lease has to expire.
"""

import os
import secrets
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from shoal.errors import UserError
from shoal.store.schema import transaction

LEASE_SECONDS = 30.0
"""How long a lease lives without renewal. It is renewed three times as often, and by every write."""


class Lease(NamedTuple):
    """A row of table ``lease``. machine and started are "" where they cannot be known.

    machine: boot and process-number namespace, so that a process number means something. started: the
    process's start, in clock ticks since boot. expires_at: seconds since 1970.
    """

    owner: str
    machine: str
    pid: int
    started: str
    expires_at: float


def new_lease() -> Lease:
    """A lease for this process, from now on."""
    pid = os.getpid()
    return Lease(secrets.token_hex(16), machine(), pid, started(pid) or "", time.time() + LEASE_SECONDS)


def acquire(connection: sqlite3.Connection, folder: Path) -> Lease:
    """Take the lease of the record, or raise a UserError if someone alive holds it."""
    with transaction(connection):
        held = read(connection)
        if held is not None and alive(held):
            raise UserError(
                f"{folder} is in use by process {held.pid}; wait for it, stop it, or choose another folder "
                f"with --out"
            )
        mine = new_lease()
        connection.execute("INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?, ?)", mine)
    return mine


def renew(connection: sqlite3.Connection, mine: Lease, folder: Path) -> None:
    """Prolong the lease, inside a transaction; UserError if another process has taken it over meanwhile."""
    renewed = connection.execute(
        "UPDATE lease SET expires_at = ? WHERE owner = ?", (time.time() + LEASE_SECONDS, mine.owner)
    )
    if renewed.rowcount != 1:
        raise UserError(f"{folder} was taken over by another process while this one slept; this one stops")


def release(connection: sqlite3.Connection, mine: Lease) -> None:
    """Give the lease back, if it is still ours."""
    with transaction(connection):
        connection.execute("DELETE FROM lease WHERE owner = ?", (mine.owner,))


def read(connection: sqlite3.Connection) -> Lease | None:
    """The lease in the record, or None."""
    row = connection.execute("SELECT owner, machine, pid, started, expires_at FROM lease").fetchone()
    return None if row is None else Lease(*row)


def alive(lease: Lease) -> bool:
    """Whether the lease's owner may still write: it has not expired, nor is its process known to be gone."""
    if lease.expires_at < time.time():
        return False
    if lease.machine and lease.machine == machine():
        return started(lease.pid) == lease.started
    return True


def machine() -> str:
    """This boot of this machine and this namespace of process numbers (containers share boots); or ""."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def started(pid: int) -> str | None:
    """When the process started, in clock ticks since boot; None if there is none, or only its zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, start = fields[0], fields[19]
    return None if state in "ZX" else start
