"""What is taken home is measured by itself, saved whole, and found again."""

import json
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
from sklearn import metrics

from cli.results import arm
from experiments.test_winner import finished, outcome, plan
from population.members import Own, table
from shoal.errors import UserError
from shoal.experiments import take_home
from shoal.experiments.recipes import from_toml
from shoal.experiments.take_home import load, save_trained, save_winner
from shoal.population.fit import fit
from shoal.population.programs import Programs
from shoal.population.recipe import Recipe
from shoal.tasks.load import load as load_task

SHORT = Recipe(width=12, epochs=5, batch_size=16)
TRACED = Programs()


def test_what_is_saved_scores_on_the_test_rows_as_it_says(tmp_path):
    task = table(rows=300)
    saved = save_trained(task, SHORT, 3, tmp_path / "a", programs=TRACED)
    prepared = task.prepare(3)
    truth = prepared.y[prepared.test].numpy()
    made = load(tmp_path / "a").predict(prepared.x[prepared.test])
    assert saved.score == pytest.approx((made.values == truth).mean())
    assert saved.score == fit(task, SHORT, 3, programs=TRACED).outcome.test_score
    measured = load(tmp_path / "a").contents.measured
    assert measured == saved.measured == json.loads(json.dumps(measured, allow_nan=False))
    assert measured["metrics"]["accuracy"] == pytest.approx(saved.score)
    assert measured["metrics"]["log_loss"] == pytest.approx(metrics.log_loss(truth, made.probabilities))
    table_of = metrics.confusion_matrix(truth, made.values, labels=[0, 1, 2]).tolist()
    assert measured["diagnosis"]["confusion"] == table_of
    assert measured["parameters"] == 12 * 6 + 12 + 12 * 12 + 12 + 12 * 3 + 3
    assert measured["bytes"] == 4 * measured["parameters"] and measured["test_rows"] == len(truth)


def test_numbers_come_out_in_the_targets_unit(tmp_path):
    source = np.random.default_rng(0)
    size = source.normal(5, 2, 300)
    frame = pl.DataFrame({"size": size, "price": 1000 + 200 * size + source.normal(0, 20, 300)})
    frame.write_csv(tmp_path / "prices.csv")
    task = load_task(str(tmp_path / "prices.csv"), "price")
    recipe = Recipe(width=16, epochs=60, batch_size=32).with_hyper(adam__lr=0.01)
    saved = save_trained(task, recipe, 0, tmp_path / "a", programs=TRACED)
    test = task.prepare(0).test.numpy()
    made = load(tmp_path / "a").predict(frame[test])
    error = np.sqrt(np.mean((made.values - frame["price"].to_numpy()[test]) ** 2))
    assert error == pytest.approx(saved.score, rel=1e-5) and error < 60
    assert saved.measured["diagnosis"] is None
    assert saved.measured["metrics"]["rmse"] == pytest.approx(error, rel=1e-5)


def test_the_recipe_and_the_origin_are_kept(tmp_path):
    recipe = SHORT.with_hyper(adam__lr=0.005)
    save_trained(table(), recipe, 3, tmp_path / "a", programs=TRACED)
    assert from_toml(tmp_path / "a" / "recipe.toml") == recipe
    origin = load(tmp_path / "a").contents.provenance
    assert origin["task"] == "own" and origin["seed"] == 3 and origin["fingerprint"] == table().fingerprint
    assert origin["torch"] == torch.__version__ and {"shoal", "python", "date"} <= origin.keys()


def test_own_network_is_saved_with_where_it_comes_from(tmp_path):
    task = table(network=Own)
    recipe = Recipe(network="own", initializer="own", epochs=2)
    saved = save_trained(task, recipe, 0, tmp_path / "a", source="mine.py:task")
    contents = load(tmp_path / "a", network=Own).contents
    assert contents.network_source == "mine.py:task"
    prepared = task.prepare(0)
    made = load(tmp_path / "a", network=Own).predict(prepared.x[prepared.test])
    assert (made.values == prepared.y[prepared.test].numpy()).mean() == pytest.approx(saved.score)
    with pytest.raises(ValueError, match=r"--own-code\) runs mine\.py:task"):
        load(tmp_path / "a")


def test_the_winner_is_trained_once_and_not_again(tmp_path, monkeypatch):
    ended = finished(adam=[outcome(0.7), outcome(0.9)], sgd=[outcome(0.7)])
    arms = (arm("adam"), arm("sgd", difference=-0.1, verdict="worse"))
    saved = save_winner(plan(), table(), ended, arms, tmp_path / "artifact", programs=TRACED)
    contents = load(tmp_path).contents
    assert saved.arm == contents.provenance["arm"] == "adam" and saved.seed == 1
    assert contents.provenance["plan_hash"] == plan().hash
    assert contents.recipe["hyper"] == {"adam.lr": 0.02} and contents.recipe["epochs"] == 7
    assert (
        "seed 1 was the best on validation rows" in saved.words and "tuned for this comparison" in saved.words
    )
    assert f"{saved.score:.4g}" in saved.words
    monkeypatch.setattr(take_home, "fit", None)  # training again would fail
    assert save_winner(plan(), table(), ended, arms, tmp_path / "artifact") == saved
    monkeypatch.undo()
    ended.outcomes["adam"][0] = outcome(0.99)
    again = save_winner(plan(), table(), ended, arms, tmp_path / "artifact", programs=TRACED)
    assert again.seed == 0 and load(tmp_path).contents.provenance["seed"] == 0


def test_a_deadline_that_is_over_saves_nothing_and_says_so(tmp_path):
    ended = finished(adam=[outcome(0.7)], sgd=[])
    late = time.monotonic() - 1
    saved = save_winner(plan(), table(), ended, (arm("adam"),), tmp_path / "artifact", deadline=late)
    assert saved.folder is None and "no time was left" in saved.words
    assert list(tmp_path.iterdir()) == []


def test_what_goes_wrong_costs_the_network_and_not_the_comparison(tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise UserError("the disk is full")

    monkeypatch.setattr(take_home, "fit", fail)
    ended = finished(adam=[outcome(0.7)], sgd=[])
    saved = save_winner(plan(), table(), ended, (arm("adam"),), tmp_path / "artifact")
    assert saved.folder is None and "the disk is full" in saved.words
    assert list(tmp_path.iterdir()) == []


def test_no_winner_is_nothing_to_save(tmp_path):
    ended = finished(adam=[outcome(0.7, diverged=True)], sgd=[])
    assert save_winner(plan(), table(), ended, (arm("adam"),), tmp_path / "artifact") is None


def test_a_training_that_diverges_saves_nothing(tmp_path):
    with pytest.raises(ValueError, match="diverged"):
        save_trained(table(), SHORT.with_hyper(adam__lr=1e30), 0, tmp_path / "a", programs=TRACED)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr(take_home, "fit", None)
    (tmp_path / "thesis.txt").write_text("do not touch")
    with pytest.raises(ValueError, match="holds no artifact"):
        save_trained(table(), SHORT, 0, tmp_path)


def test_the_latest_run_is_the_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="there is no run"):
        load()
    monkeypatch.setattr(take_home, "latest_run", lambda root: Path("run"))
    save_trained(table(), SHORT, 0, Path("run/artifact"), programs=TRACED)
    assert len(load().predict(np.zeros((2, 6)))) == 2


def test_of_a_comparison_and_a_network_trained_alone_the_later_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_trained(table(), SHORT, 5, Path("shoal-results/alone"), programs=TRACED)
    save_trained(table(), SHORT, 6, Path("compared/artifact"), programs=TRACED)
    now = time.time()
    for begun, seed in ((now - 100, 5), (now + 100, 6)):
        run = SimpleNamespace(started_at=begun, folder=Path("compared"))
        monkeypatch.setattr(take_home, "list_runs", lambda root, run=run: [run])
        assert load().contents.provenance["seed"] == seed
