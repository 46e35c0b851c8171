"""Building programs in processes of their own."""

import time

import pytest

from shoal.population import builder, operators
from shoal.population.builder import Builder


class Slow:
    """A program that takes its time; ``compile`` runs in a process that is forked."""

    def __init__(self, seconds: float, flag):
        self.name, self.seconds, self.flag = "rule-slow", seconds, flag

    def ready(self) -> bool:
        return self.flag.exists()

    def compile(self) -> None:
        time.sleep(self.seconds)
        self.flag.touch()


@pytest.fixture(autouse=True)
def built(monkeypatch):
    monkeypatch.setattr(operators, "built", lambda: True)


def test_all_are_waited_for(tmp_path):
    programs = [Slow(0.05, tmp_path / f"{number}") for number in range(5)]
    said = []
    Builder().wait_for(programs, said.append, 2)
    assert all(one.ready() for one in programs) and len(said) == 5


def test_waiting_ends_in_time_and_leaves_no_process(tmp_path):
    programs = [Slow(0.05, tmp_path / "quick"), Slow(60.0, tmp_path / "slow"), Slow(60.0, tmp_path / "never")]
    one, began = Builder(), time.monotonic()
    one.wait_for(programs, lambda words: None, 2, until=began + 0.6)
    assert time.monotonic() - began < 5
    assert programs[0].ready() and not programs[1].ready() and not one.busy()


def test_what_cannot_be_built_is_said(tmp_path):
    broken = Slow(0.0, tmp_path / "no folder" / "flag")
    with pytest.raises(RuntimeError, match="rule-slow could not be compiled"):
        Builder().wait_for([broken], lambda words: None, 2)


def test_the_guess_counts_rounds_of_processes():
    programs = [Slow(0, None)] * 5
    assert builder.seconds(programs, 2) == 3 * builder._RULE_SECONDS
