"""The file's versions: ours, newer, older, foreign, damaged."""

import sqlite3

import pytest

from shoal.errors import UserError
from shoal.population.recipe import Outcome
from shoal.store import schema
from shoal.store.schema import APPLICATION_ID, MIGRATIONS, RECORD_NAME, connect


@pytest.fixture
def path(tmp_path):
    return tmp_path / RECORD_NAME


def pragma(path, name):
    connection = sqlite3.connect(path)
    value = connection.execute(f"PRAGMA {name}").fetchone()[0]
    connection.close()
    return value


def test_a_new_record_is_synchronous_and_says_what_it_is(path):
    connection = connect(path, write=True)
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    connection.close()
    assert pragma(path, "journal_mode") == "wal"
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == len(MIGRATIONS)


def test_outcomes_have_the_columns_of_an_outcome(path):
    connection = connect(path, write=True)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(outcomes)")]
    connection.close()
    assert columns == ["phase", *Outcome._fields]


def test_a_newer_schema_is_refused_and_left_alone(path):
    connect(path, write=True).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for write in (True, False):
        with pytest.raises(UserError, match=f"version 99.*up to {len(MIGRATIONS)}.*newer shoal"):
            connect(path, write=write)
    assert pragma(path, "user_version") == 99


def test_an_older_record_is_migrated_when_opened_for_writing(path, monkeypatch):
    connect(path, write=True).close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, ("ALTER TABLE notes ADD COLUMN kind TEXT",)))
    with pytest.raises(UserError, match="older"):
        connect(path, write=False)
    connection = connect(path, write=True)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(notes)")]
    connection.close()
    assert "kind" in columns and pragma(path, "user_version") == len(MIGRATIONS) + 1


def test_a_failing_migration_changes_nothing(path, monkeypatch):
    connect(path, write=True).close()
    broken = ("ALTER TABLE notes ADD COLUMN kind TEXT", "ALTER TABLE nowhere ADD COLUMN kind TEXT")
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        connect(path, write=True)
    monkeypatch.undo()
    connection = connect(path, write=True)
    assert "kind" not in [row[1] for row in connection.execute("PRAGMA table_info(notes)")]
    connection.close()


def test_another_programs_file_is_refused_and_left_alone(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(UserError, match="another program"):
        connect(path, write=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("write", [True, False])
def test_what_is_no_database_is_refused(path, write):
    path.write_text("hello " * 1000)
    with pytest.raises(UserError, match="no shoal record"):
        connect(path, write=write)


def test_a_damaged_record_is_said_to_be_damaged(path):
    connect(path, write=True).close()
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    path.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        connect(path, write=True)


def test_an_empty_file_left_by_a_kill_becomes_a_record(path):
    path.touch()
    connect(path, write=True).close()
    assert pragma(path, "user_version") == len(MIGRATIONS)


def test_absence_is_said(tmp_path, path):
    with pytest.raises(UserError, match="no shoal results folder"):
        connect(path, write=False)
    with pytest.raises(UserError, match="cannot be opened"):
        connect(tmp_path / "absent" / RECORD_NAME, write=True)
