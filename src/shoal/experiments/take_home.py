"""Something to take home: one network, trained once, measured on the test rows and saved as an artifact."""

import importlib.metadata
import math
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch

from shoal.artifact.contents import Contents
from shoal.artifact.load import Artifact, Network, locate, read
from shoal.artifact.load import load as load_artifact
from shoal.artifact.predict import predictions
from shoal.artifact.save import DESCRIPTION, check, save
from shoal.errors import UserError
from shoal.experiments import recipes
from shoal.experiments.diagnostics import diagnose
from shoal.experiments.plan import Plan
from shoal.experiments.result import ArmResult
from shoal.experiments.run import Finished
from shoal.experiments.winner import choose
from shoal.population.batches import batch_size, train_rows
from shoal.population.fit import Fitted, fit
from shoal.population.programs import Programs
from shoal.population.recipe import Progress, Recipe
from shoal.population.train import StoppedError
from shoal.store.folders import RUNS, latest_run, list_runs
from shoal.tasks import metrics
from shoal.tasks.preprocessing import preprocessing
from shoal.tasks.task import Task

Hear = Callable[[Progress], None]


class Saved(NamedTuple):
    """folder: of the artifact, None if nothing was saved. measured: see ``measure``. words: a sentence.

    score: this network's own on the test rows.
    """

    folder: Path | None
    arm: str
    seed: int
    score: float
    measured: Mapping[str, Any]
    words: str


def load(
    run: str | Path | None = None, *, network: Network | None = None, own_code: bool = False
) -> Artifact:
    """The network in ``run``, a results folder or an artifact; by default the latest in shoal-results.

    network and own_code: see ``shoal.artifact.load.load``. Raises UserError.
    """
    return load_artifact(_latest() if run is None else run, network=network, own_code=own_code)


def save_winner(
    plan: Plan,
    task: Task,
    finished: Finished,
    arms: Sequence[ArmResult],
    folder: Path,
    *,
    source: str = "",
    deadline: float | None = None,
    programs: Programs | None = None,
    on_progress: Hear | None = None,
) -> Saved | None:
    """Train the winner of a comparison once more and save it to ``folder``; None if there is no winner.

    source: the task's ``file.py:function``, if it is one. deadline: time.monotonic() by which the training
    must have ended. Whatever goes wrong costs the network and not the comparison: nothing is saved and
    ``words`` say why. Ctrl-C is the caller's to answer. A folder that holds this very winner already is left
    as it is.
    """
    winner = choose(plan, finished, arms)
    if winner is None:
        return None
    origin = {"arm": winner.arm, "why": winner.why, "seed": winner.seed, "plan_hash": plan.hash}
    origin["tuned"] = finished.best[winner.arm].seeds > 0
    known = _known(folder, origin)
    if known is not None:
        return known
    try:
        return save_trained(
            task, winner.recipe, winner.seed, folder, origin=origin, source=source, device=plan.device,
            deadline=deadline, programs=programs, on_progress=on_progress,
        )  # fmt: skip
    except StoppedError:
        why = "no time was left to train it once more"
    except UserError as error:
        why = str(error)
    words = f"the network of {winner.arm} was not saved: {why}"
    return Saved(None, winner.arm, winner.seed, math.nan, {}, words)


def save_trained(
    task: Task,
    recipe: Recipe,
    seed: int,
    folder: Path,
    *,
    origin: Mapping[str, Any] | None = None,
    source: str = "",
    device: str = "cpu",
    deadline: float | None = None,
    programs: Programs | None = None,
    on_progress: Hear | None = None,
) -> Saved:
    """Train one network and save it with its own measured numbers.

    origin: what more there is to say of where it comes from. Raises UserError where the folder cannot be
    written or the task's preprocessing cannot be repeated (both before training), and where the training
    diverges; StoppedError at the deadline.
    """
    check(folder)
    rows = preprocessing(task, seed)
    fitted = fit(
        task, recipe, seed, device=device, deadline=deadline, programs=programs, on_progress=on_progress
    )
    if fitted.outcome.diverged:
        raise UserError(
            f"the training diverged after {fitted.outcome.steps} steps, so nothing was saved; "
            "lower the learning rate"
        )
    contents = Contents(
        kind=task.kind,
        metric=task.metric,
        features=tuple(task.features),
        outputs=task.outputs,
        recipe=asdict(recipe),
        network_source=source if recipe.network == "own" else "",
        preprocessing=rows,
        provenance={**_provenance(task), "seed": seed, **(origin or {})},
        measured={},
        vocabulary=task.vocabulary,
    )
    contents = replace(contents, measured=measure(task, seed, fitted, contents))
    size = recipe.batch_size if recipe.batch_size == "all" else batch_size(recipe, train_rows(task, recipe))
    save(folder, contents, fitted.weights, recipes.to_toml(replace(recipe, batch_size=size)))
    return _saved(folder, contents)


def measure(task: Task, seed: int, fitted: Fitted, contents: Contents) -> dict[str, Any]:
    """This network's own numbers, plain data for JSON.

    test_score, valid_score and train_score in the task's metric; metrics: all of the task's kind, on the
    test rows; test_rows; parameters; bytes of all weights; steps; seconds; diagnosis: of classes, on the test
    rows (see ``diagnostics.diagnose``), else None.
    """
    outcome, prepared = fitted.outcome, task.prepare(seed)
    truth = prepared.y[prepared.test].numpy()
    numbers: dict[str, float] = {task.metric: outcome.test_score}
    if task.kind not in ("own", "language"):
        made = fitted.test_outputs.numpy()
        numbers = {
            name: metrics.value(name, made, truth, prepared.scale) for name in metrics.names(task.kind)
        }
    shares = None
    if task.kind == "classification":
        shares = predictions(contents, fitted.test_outputs).probabilities
    return {
        "test_score": outcome.test_score,
        "valid_score": _plain(outcome.valid_score),
        "train_score": outcome.train_score,
        "metrics": {name: _plain(number) for name, number in numbers.items()},
        "test_rows": len(truth),
        "parameters": fitted.parameters,
        "bytes": sum(one.nbytes for one in fitted.weights.values()),
        "steps": outcome.steps,
        "seconds": outcome.seconds,
        "diagnosis": None if shares is None else diagnose(shares, truth, contents.classes),
    }


def _latest() -> Path:
    """The comparison begun last or the network trained last, whichever is later."""
    trained = RUNS.glob(f"*/{DESCRIPTION}")
    last = max(((file.stat().st_mtime, file.parent) for file in trained), default=None)
    if last is None:
        return latest_run(RUNS)
    runs = [run for run in list_runs(RUNS) if (run.started_at or 0.0) > last[0]]
    return runs[-1].folder if runs else last[1]


def _known(folder: Path, origin: Mapping[str, Any]) -> Saved | None:
    """What ``folder`` holds, if that is this very winner, whole."""
    try:
        contents, _ = read(locate(folder))
    except UserError:
        return None
    return _saved(folder, contents) if origin.items() <= contents.provenance.items() else None


def _saved(folder: Path, contents: Contents) -> Saved:
    measured, origin = contents.measured, contents.provenance
    words = f"this network's own test {contents.metric} is {measured['test_score']:.4g}"
    if "why" in origin:
        words = (
            f"the network saved is of {origin['why']}; its seed {origin['seed']} was the best on validation "
            f"rows, its hyperparameters were {'' if origin.get('tuned', True) else 'not '}tuned for this "
            f"comparison, and {words}"
        )
    return Saved(folder, origin.get("arm", ""), origin["seed"], measured["test_score"], measured, words)


def _provenance(task: Task) -> dict[str, Any]:
    return {
        "task": task.name,
        "fingerprint": task.fingerprint,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "shoal": importlib.metadata.version("shoal"),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _plain(number: float) -> float | None:
    return number if math.isfinite(number) else None
