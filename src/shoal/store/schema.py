"""The one SQLite file of a results folder: its tables, versions, and how it is opened.

Write-ahead log with full synchronization: a committed row survives a kill or a power failure. The
schema's version stands in ``PRAGMA user_version``; each entry of ``MIGRATIONS`` leads from one version to
the next, in one transaction, and is never edited once released.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shoal.errors import UserError
from shoal.store.atomic import sync_folder

RECORD_NAME = "record.sqlite"
APPLICATION_ID = 0x53484F41  # "SHOA", so that other SQLite files are not taken for ours
BUSY_SECONDS = 30.0

# Outcomes: SQLite turns NaN into NULL, which these columns hold for no other reason, and -0.0 into 0.0.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE plan (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL, hash TEXT NOT NULL,
           written_at REAL NOT NULL)""",
        """CREATE TABLE outcomes (phase TEXT NOT NULL, name TEXT PRIMARY KEY, valid_score REAL,
           test_score REAL, train_score REAL, train_loss REAL, valid_loss REAL, diverged INTEGER NOT NULL,
           steps INTEGER NOT NULL, evaluations REAL, seconds REAL, memory INTEGER NOT NULL,
           details TEXT NOT NULL)""",
        "CREATE TABLE choices (key TEXT PRIMARY KEY, json TEXT NOT NULL)",
        "CREATE TABLE notes (text TEXT PRIMARY KEY, written_at REAL NOT NULL)",
        """CREATE TABLE verdict (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL,
           written_at REAL NOT NULL)""",
        """CREATE TABLE lease (id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL,
           machine TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, expires_at REAL NOT NULL)""",
    ),
)


@contextmanager
def spoken(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file or the disk into a UserError; let programming errors through."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # Extended codes carry the primary code in the low byte.
        code = getattr(error, "sqlite_errorcode", None)
        reason = _REASONS.get(code & 0xFF) if code is not None else None
        if reason is None:
            raise
        raise UserError(f"{path}: {reason} ({error})") from error


_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; make room and run the same command again, nothing is lost",
    sqlite3.SQLITE_IOERR: "the disk refuses to read or write; check it and run the same command again",
    sqlite3.SQLITE_READONLY: "the results folder is not writable; choose another with --out",
    sqlite3.SQLITE_CANTOPEN: "the record cannot be opened; check that the folder exists and is writable",
    sqlite3.SQLITE_PERM: "no permission to use the record; choose another folder with --out",
    sqlite3.SQLITE_CORRUPT: "the record is damaged; choose a new folder with --out",
    sqlite3.SQLITE_NOTADB: "this is no shoal record; choose another folder with --out",
    sqlite3.SQLITE_BUSY: f"another process has held the record for {BUSY_SECONDS:.0f} s; try again",
}


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open the record; with ``write``, create it where it is absent and bring its schema up to date.

    Transactions are explicit. UserError if it is absent (reading), no shoal record, damaged, written by a
    newer shoal, or, for reading, by an older one that never came to migrate it.
    """
    if not write and not path.is_file():
        raise UserError(f"{path.parent} is no shoal results folder: it has no {path.name}")
    with spoken(path):
        connection = _open(path, write)
        try:
            _prepare(connection, path, write)
        except BaseException:
            connection.close()
            raise
    return connection


def _open(path: Path, write: bool) -> sqlite3.Connection:
    mode = "mode=rwc" if write else "mode=ro"
    if not write and not _log(path).exists() and not os.access(path.parent, os.W_OK):
        mode += "&immutable=1"  # SQLite reads a WAL file in a read-only folder only if told that it rests
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _prepare(connection: sqlite3.Connection, path: Path, write: bool) -> None:
    connection.execute("BEGIN")  # one snapshot: another process may just be creating the tables
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    connection.execute("COMMIT")
    fresh = application == 0 and version == 0 and tables == 0
    if not fresh and application != APPLICATION_ID:
        raise UserError(f"{path}: this is another program's SQLite file; choose another folder with --out")
    newest = len(MIGRATIONS)
    if version > newest:
        raise UserError(
            f"{path}: this record has schema version {version}, and this shoal knows versions up to "
            f"{newest}; open it with the newer shoal that wrote it"
        )
    if write:
        _log_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection)
        sync_folder(path.parent)
    elif version < newest:
        raise UserError(
            f"{path}: this record has schema version {version}, older than this shoal's {newest}; "
            f"resume the run once with --resume must to bring it up to date"
        )


def _log_ahead(connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Of two that change the mode at once, SQLite sends one away without waiting.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _migrate(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        # Read again under the lock: another process may just have migrated.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block is committed, or none. Takes the write lock at once, so it cannot fail half-way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
