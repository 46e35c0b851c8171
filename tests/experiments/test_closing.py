"""Closing work that is ended by Ctrl-C leaves the verdicts whole."""

import pytest

import shoal
from shoal.experiments import closing


@pytest.mark.parametrize("at", ["save_winner", "outsiders"])
def test_ctrl_c_while_closing_costs_what_follows_the_verdicts_and_nothing_else(at, tmp_path, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    options = {"vary": "optimizer=adam,sgd", "work": 4000, "seeds": 2}
    monkeypatch.setattr(closing, at, interrupted)
    cut = shoal.compare("wine", **options, out=tmp_path / "cut")
    monkeypatch.undo()
    assert cut.interrupted and any("interrupted while closing" in note for note in cut.notes)
    assert (cut.winner is None) == (at == "save_winner") and cut.outsiders == ()
    again = shoal.compare("wine", **options, out=tmp_path / "cut")
    assert not again.interrupted and again.winner is not None and len(again.outsiders) == 2
    assert [arm.scores for arm in again.arms] == [arm.scores for arm in cut.arms]
