"""The record: round trips, idempotence, refusals, and nothing lost when its writer is killed."""

import json
import math
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shoal.errors import UserError
from shoal.population.recipe import Outcome
from shoal.store.record import Record
from shoal.store.schema import RECORD_NAME

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | FLOATS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
OUTCOMES = st.builds(
    Outcome, st.text(max_size=9), *[FLOATS] * 5, st.booleans(), st.integers(0, 2**62), FLOATS, FLOATS,
    st.integers(0, 2**62), st.dictionaries(st.text(max_size=3), JSON, max_size=3),
)  # fmt: skip


def outcome(name="evaluate/adam/0", score=0.5, **details):
    return Outcome(name, score, score, score, 0.1, 0.2, False, 10, 10.0, 0.5, 1000, details)


def bits(value):
    """A spelling in which NaN equals itself, and -0.0 equals 0.0 (all that SQLite does not keep)."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("d", value + 0.0).hex()
    if isinstance(value, dict):
        return {key: bits(inner) for key, inner in value.items()}
    return [bits(inner) for inner in value] if isinstance(value, list | tuple) else (type(value), value)


@pytest.fixture(scope="module")
def shared_record(tmp_path_factory):
    with Record(tmp_path_factory.mktemp("run")) as record:
        yield record


@settings(max_examples=100, deadline=None)
@example(outcome(score=-0.0))
@example(outcome(score=5e-324))
@given(written=OUTCOMES)
def test_an_outcome_comes_back_bit_by_bit(shared_record, written):
    written = written._replace(name=f"{shared_record.finished()} {written.name}")
    shared_record.add_outcome("evaluate", written)
    with Record(shared_record.folder, write=False) as reader:
        assert bits(reader.outcomes()[written.name]) == bits(written)


def test_numpy_numbers_are_numbers(tmp_path):
    numbers = outcome()._replace(steps=np.int64(7), diverged=np.True_, test_score=np.float32(0.5))
    with Record(tmp_path) as record:
        record.add_outcome("tune", numbers)
        found = record.outcomes()[numbers.name]
    assert (found.steps, found.diverged, found.test_score) == (7, True, 0.5)


def test_the_first_outcome_of_a_name_stays(tmp_path):
    with Record(tmp_path) as record:
        assert record.add_outcome("evaluate", outcome(score=0.5))
        assert not record.add_outcome("evaluate", outcome(score=0.9))
        assert record.outcomes()["evaluate/adam/0"].test_score == 0.5
        assert record.finished() == 1


def test_outcomes_keep_their_order_and_phase(tmp_path):
    with Record(tmp_path) as record:
        for phase, name in [("tune", "b"), ("evaluate", "c"), ("tune", "a")]:
            record.add_outcome(phase, outcome(name))
        assert list(record.outcomes()) == ["b", "c", "a"]
        assert list(record.outcomes("tune")) == ["b", "a"]
        assert record.outcomes("nothing") == {}


def test_the_plan_is_written_once(tmp_path):
    plan = {"task": "wine", "arms": ("sgd", "adam"), "budget": {"seconds": 60.0}}
    with Record(tmp_path) as record:
        assert record.plan() is None and record.plan_hash() is None and record.started_at() is None
        record.write_plan(plan)
        digest = record.plan_hash()
    with Record(tmp_path) as record:
        record.write_plan(dict(reversed(plan.items())))
        assert record.plan() == {"task": "wine", "arms": ["sgd", "adam"], "budget": {"seconds": 60.0}}
        assert record.plan_hash() == digest
        assert record.started_at() == pytest.approx(time.time(), abs=60)
        other = {"task": "wine", "arms": ("sgd", "adamw"), "budget": {"seconds": 90.0}}
        with pytest.raises(
            UserError, match=r'arms\[1\] was "adam", is "adamw"; budget.seconds was 60.0, is 90.0'
        ):
            record.write_plan(other)
        assert record.plan_hash() == digest


def test_many_differences_of_plans_are_counted(tmp_path):
    with Record(tmp_path) as record:
        record.write_plan({str(number): 0 for number in range(9)})
        with pytest.raises(UserError, match="and 6 more"):
            record.write_plan({str(number): 1 for number in range(9)})


def test_the_first_choice_stays_and_has_passed_through_json(tmp_path):
    with Record(tmp_path) as record:
        assert record.choice("mode") is None
        assert record.choose("mode", ("eager", 8)) == ["eager", 8]
        assert record.choose("mode", ("compiled", 9)) == ["eager", 8]
        record.choose("another", math.inf)
    with Record(tmp_path) as record:
        assert record.choice("mode") == ["eager", 8]
        assert record.choices() == {"mode": ["eager", 8], "another": math.inf}


def test_notes_are_kept_once_in_order_and_the_last_verdict_counts(tmp_path):
    with Record(tmp_path) as record:
        for text in ("b", "a", "b"):
            record.note(text)
        assert record.verdict() is None
        record.write_verdict({"networks": 1})
        record.write_verdict({"networks": 2, "mean": math.nan})
    with Record(tmp_path, write=False) as record:
        assert record.notes() == ["b", "a"]
        assert record.verdict()["networks"] == 2 and math.isnan(record.verdict()["mean"])


def test_a_reader_cannot_write(tmp_path):
    Record(tmp_path).close()
    with Record(tmp_path, write=False) as record, pytest.raises(RuntimeError, match="not open for writing"):
        record.note("no")


def test_what_is_no_json_is_refused_and_leaves_nothing(tmp_path):
    with Record(tmp_path) as record:
        with pytest.raises(TypeError):
            record.add_outcome("tune", outcome(thing=object()))
        assert record.finished() == 0
        record.note("and the record still works")


def test_several_threads_may_write(tmp_path):
    with Record(tmp_path) as record:

        def work(part: int) -> None:
            for number in range(20):
                record.add_outcome("tune", outcome(f"{part}/{number}"))

        threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert record.finished() == 80


def test_a_full_disk_is_said_and_loses_nothing(tmp_path):
    with Record(tmp_path) as record:
        record.add_outcome("tune", outcome("before"))
        pages = record._connection.execute("PRAGMA page_count").fetchone()[0]
        record._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(UserError, match=r"disk is full; make room.*nothing is lost"):
            record.add_outcome("tune", outcome("too large", text="x" * 100_000))
        record._connection.execute("PRAGMA max_page_count = 1000000")
        record.add_outcome("tune", outcome("after"))
        assert list(record.outcomes()) == ["before", "after"]


def test_closing_leaves_one_file_and_may_be_repeated(tmp_path):
    record = Record(tmp_path)
    record.note("a")
    record.close()
    record.close()
    assert [file.name for file in tmp_path.iterdir()] == [RECORD_NAME]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_record_in_a_read_only_folder_can_be_read_and_not_written():
    """In a process of a user who may only read."""
    script = (
        "import os, sys; from pathlib import Path; from shoal.store.record import Record\n"
        "os.setgid(65534); os.setuid(65534); folder = Path(sys.argv[1])\n"
        "with Record(folder, write=False) as record: print(record.notes())\n"
        "try: Record(folder)\n"
        "except ValueError as error: print(error)"
    )
    with tempfile.TemporaryDirectory() as folder:  # tmp_path's parents are closed to others
        Path(folder).chmod(0o755)
        with Record(Path(folder)) as record:
            record.note("hello")
        done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    assert first == "['hello']" and "not writable" in second, done


WRITER = """
import sys
from pathlib import Path
from shoal.population.recipe import Outcome
from shoal.store.record import Record
with Record(Path(sys.argv[1])) as record:
    record.write_plan({"task": "wine"})
    number = record.finished()
    while True:
        score = number / 7
        record.choose(f"choice-{number}", number)
        record.add_outcome("tune", Outcome(f"job-{number}", score, score, score, score, score, False,
                                           number, 1.0, 1.0, 1, {"text": "x" * (number % 50) * 100}))
        print(number, flush=True)  # after the commit: from here on it must never be lost
        number += 1
"""


def test_kill_at_any_instant_loses_no_committed_row(tmp_path):
    delays, promised = random.Random(1), -1
    for _ in range(10):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        first = writer.stdout.readline()
        assert first, "the killed writer's lease was not taken over at once"
        time.sleep(0.15 * delays.random())
        writer.send_signal(signal.SIGKILL)
        promised = max([promised, int(first), *map(int, writer.stdout.read().split())])
        writer.stdout.close()
        writer.wait()
        _check_after_kill(tmp_path, promised)


def _check_after_kill(folder: Path, promised: int) -> None:
    connection = sqlite3.connect(folder / RECORD_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()
    with Record(folder, write=False) as record:
        found = record.outcomes()
        assert list(found) == [f"job-{number}" for number in range(len(found))]
        assert promised < len(found) <= promised + 2
        assert all(one.test_score == one.steps / 7 for one in found.values())
        # A choice is there before what follows from it.
        assert all(record.choice(f"choice-{number}") == number for number in range(0, len(found), 17))
        assert json.dumps(record.plan()) == '{"task": "wine"}'
