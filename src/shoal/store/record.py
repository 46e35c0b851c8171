"""The record of a run: what was planned, what happened, what was chosen, what was said of it.

Append-only: a plan, an outcome and a choice are written once, before anything follows from them, and never
changed. So a run that was killed at any instant resumes from its folder alone.
"""

import json
import math
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shoal.errors import UserError
from shoal.population.recipe import Outcome
from shoal.store import lease as leases
from shoal.store.canonical import canonical_json, differences, digest
from shoal.store.schema import RECORD_NAME, connect, spoken, transaction

_KINDS = {name: kind for name, kind in Outcome.__annotations__.items() if kind in (float, int, bool)}
_COLUMNS = ", ".join(Outcome._fields)
_INSERT = (
    f"INSERT INTO outcomes (phase, {_COLUMNS}) VALUES (?{', ?' * len(Outcome._fields)}) "
    "ON CONFLICT (name) DO NOTHING"
)


class Record:
    """The record of one results folder; a context manager. Usable from several threads of one process.

    ``Record(folder)`` opens it for writing and holds its lease until closed, renewed by a thread of its
    own; UserError while another process holds it. ``Record(folder, write=False)`` only reads, at any time.
    Open it after worker processes were forked, or spawn them: SQLite does not survive a fork.
    """

    def __init__(self, folder: Path, *, write: bool = True) -> None:
        self.folder = folder
        self._path = folder / RECORD_NAME
        self._lock = threading.RLock()
        self._connection = connect(self._path, write=write)
        self._lease: leases.Lease | None = None
        self._closing = threading.Event()
        self._heart: threading.Thread | None = None
        if write:
            try:
                with spoken(self._path):
                    self._lease = leases.acquire(self._connection, folder)
            except BaseException:
                self._connection.close()
                raise
            self._heart = threading.Thread(target=self._beat, name="shoal-lease", daemon=True)
            self._heart.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the lease back and close the file. May be called twice."""
        self._closing.set()
        if self._heart is not None:
            self._heart.join()
        with self._lock, spoken(self._path):
            mine, self._lease = self._lease, None
            try:
                if mine is not None:
                    leases.release(self._connection, mine)
            finally:
                self._connection.close()

    def plan(self) -> Any | None:
        """The plan that was written, or None."""
        return self._value("SELECT json FROM plan")

    def plan_hash(self) -> str | None:
        """SHA-256 of the plan's canonical JSON, or None where there is no plan yet."""
        row = self._row("SELECT hash FROM plan")
        return None if row is None else row[0]

    def write_plan(self, plan: Mapping[str, Any]) -> None:
        """Write what will be compared, before anything is trained.

        The same plan again changes nothing. UserError for another one, saying where they differ.
        """
        text = canonical_json(plan)
        with self._writing() as connection:
            row = connection.execute("SELECT json FROM plan").fetchone()
            if row is None:
                connection.execute("INSERT INTO plan VALUES (1, ?, ?, ?)", (text, digest(text), time.time()))
            elif row[0] != text:
                found = differences(json.loads(row[0]), json.loads(text))
                more = f" and {len(found) - 3} more" if len(found) > 3 else ""
                raise UserError(
                    f"{self.folder} holds another comparison: {'; '.join(found[:3])}{more}; repeat the same "
                    f"command to resume it, or choose a new folder with --out"
                )

    def add_outcome(self, phase: str, outcome: Outcome) -> bool:
        """Write what became of a job. False if its name is there already: the first one stays."""
        with self._writing() as connection:
            return connection.execute(_INSERT, (phase, *_row_of(outcome))).rowcount == 1

    def outcomes(self, phase: str | None = None) -> dict[str, Outcome]:
        """Outcomes by job name, in the order they were written; of one phase, or of all."""
        query = f"SELECT {_COLUMNS} FROM outcomes WHERE phase = ?1 OR ?1 IS NULL ORDER BY rowid"
        found = map(_outcome_of, self._rows(query, phase))
        return {outcome.name: outcome for outcome in found}

    def finished(self) -> int:
        """How many jobs have an outcome."""
        return self._rows("SELECT count(*) FROM outcomes")[0][0]

    def choose(self, key: str, value: Any) -> Any:
        """Write a choice before it is acted on, and return what is recorded: the first one stays.

        What is returned has passed through JSON, so that a resumed run sees exactly what the first saw.
        """
        with self._writing() as connection:
            row = (key, canonical_json(value))
            connection.execute("INSERT INTO choices VALUES (?, ?) ON CONFLICT DO NOTHING", row)
        return self.choice(key)

    def choice(self, key: str) -> Any | None:
        """The choice recorded under ``key``, or None."""
        return self._value("SELECT json FROM choices WHERE key = ?", key)

    def choices(self) -> dict[str, Any]:
        """All choices by key, in the order they were made."""
        return {
            key: json.loads(text) for key, text in self._rows("SELECT key, json FROM choices ORDER BY rowid")
        }

    def note(self, text: str) -> None:
        """Write a sentence that belongs to the result (a warning, a column left out), once."""
        with self._writing() as connection:
            connection.execute("INSERT INTO notes VALUES (?, ?) ON CONFLICT DO NOTHING", (text, time.time()))

    def notes(self) -> list[str]:
        """All notes, in the order they were written."""
        return [row[0] for row in self._rows("SELECT text FROM notes ORDER BY rowid")]

    def verdict(self) -> Any | None:
        """The verdict that was written last, or None."""
        return self._value("SELECT json FROM verdict")

    def write_verdict(self, verdict: Any) -> None:
        """Write what may be said of the outcomes; replaces an earlier one, which followed from fewer."""
        row = (canonical_json(verdict), time.time())
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO verdict VALUES (1, ?, ?)", row)

    def active(self) -> bool:
        """Whether a process alive holds the lease (this one included)."""
        with self._lock, spoken(self._path):
            held = leases.read(self._connection)
        return held is not None and leases.alive(held)

    def started_at(self) -> float | None:
        """When the plan was written, in seconds since 1970, or None."""
        row = self._row("SELECT written_at FROM plan")
        return None if row is None else row[0]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        if self._lease is None:
            raise RuntimeError(f"the record of {self.folder} is not open for writing")
        with self._lock, spoken(self._path), transaction(self._connection):
            # In the same transaction: a process that lost its lease can write nothing more.
            leases.renew(self._connection, self._lease, self.folder)
            yield self._connection

    def _beat(self) -> None:
        while not self._closing.wait(leases.LEASE_SECONDS / 3):
            # A disk that is full for a moment or a lost lease is reported by the next write, not from here.
            with suppress(UserError, sqlite3.Error), self._writing():
                pass

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._lock, spoken(self._path):
            return self._connection.execute(query, values).fetchall()

    def _row(self, query: str, *values: Any) -> Any | None:
        rows = self._rows(query, *values)
        return rows[0] if rows else None

    def _value(self, query: str, *values: Any) -> Any | None:
        row = self._row(query, *values)
        return None if row is None else json.loads(row[0])


def _row_of(outcome: Outcome) -> tuple[Any, ...]:
    # numpy's numbers become Python's, which alone SQLite takes; SQLite turns NaN into NULL by itself.
    values = outcome._asdict() | {"details": canonical_json(outcome.details)}
    return tuple(_KINDS[name](value) if name in _KINDS else value for name, value in values.items())


def _outcome_of(row: tuple[Any, ...]) -> Outcome:
    values = dict(zip(Outcome._fields, row, strict=True))
    for name, kind in _KINDS.items():
        values[name] = math.nan if values[name] is None else kind(values[name])
    return Outcome(**values | {"details": json.loads(values["details"])})
