"""Does a network of shoal's surpass a quick linear model on data sets of every kind?

    python benchmarks/sanity.py DATA --out records/<date>_sanity [--only NAME ...]

DATA: a folder with the data sets named below. Every one is loaded as a user would load it, with its official
test part, and trained with one recipe, told beforehand, by three seeds that draw their own validation rows.
Baselines are quick scikit-learn fits on ALL training rows; a seed of ours trains on four fifths of them.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import machine
import numpy as np

from shoal.experiments.arms import default_recipe
from shoal.experiments.recipes import parse, recipe_of
from shoal.population.recipe import Job
from shoal.population.workers import PopulationTrainer
from shoal.tasks.load import load
from shoal.tasks.task import Task, with_metric

SEEDS = (0, 1, 2)
TABLE = "width=128 normalization=batch_norm dropout.rate=0.1 schedule=cosine epochs=30 batch_size=128"


class Set(NamedTuple):
    """What is loaded, what is told of the recipe, and the baseline's test score."""

    file: str
    options: dict[str, Any]
    recipe: str
    baseline: float
    metric: str = "accuracy"


def table(
    stem: str, target: str, baseline: float, metric: str = "accuracy", *ignore: str, end: str = ""
) -> Set:
    """A table with an official test part beside it."""
    options = {"target": target, "test": f"tabular/{stem}_test.csv{end}", "ignore": ignore}
    return Set(f"tabular/{stem}_train.csv{end}", options, TABLE, baseline, metric)


SETS = {
    "cifar10": Set("cifar10", {}, "epochs=4 schedule=cosine adam.lr=0.003", 0.3784),
    "mnist": Set("mnist/mnist.npz", {}, "epochs=2 schedule=cosine adam.lr=0.003", 0.9039),
    "pneumoniamnist": Set(
        "pneumoniamnist/pneumoniamnist.npz", {}, "epochs=8 schedule=cosine crop.share=0.1", 0.8478
    ),
    "fsdd": Set("fsdd/fsdd_logmel.npz", {}, "epochs=20 schedule=cosine adam.lr=0.003", 0.9333),
    "japanese_vowels": Set(
        "timeseries/japanese_vowels.npz", {}, "width=256 depth=1 dropout.rate=0.5 epochs=200 batch_size=32",
        0.9838
    ),
    "italy_power_demand": Set("timeseries/italy_power_demand.npz", {}, "epochs=200 batch_size=16", 0.9018),
    "imdb": Set("imdb/imdb_train.csv.gz", {"target": "label", "test": "imdb/imdb_test.csv.gz"}, "", 0.8833),
    "rt_polarity": Set(
        "rt_polarity/rt_train.csv", {"target": "label", "test": "rt_polarity/rt_test.csv"}, "", 0.8077
    ),
    "tinyshakespeare": Set(
        "tinyshakespeare/input.txt", {}, "width=128 epochs=12 schedule=warmup_cosine adam.lr=0.003", 2.4199,
        "bits_per_character",
    ),
    "adult": table("adult", "income", 0.852, "accuracy", "fnlwgt", end=".gz"),
    "credit_g": table("credit_g", "class", 0.76),
    "credit_default": table("credit_default", "default", 0.8102, end=".gz"),
    "covertype10k": table("covertype10k", "Cover_Type", 0.719, end=".gz"),
    "higgs7k": table("higgs7k", "label", 0.664, end=".gz"),
    "phoneme": table("phoneme", "class", 0.7465),
    "california_housing": table("california_housing", "median_house_value", 70306.57, "rmse", end=".gz"),
    "bike_sharing_hour": table(
        "bike_sharing_hour", "count", 142.7338, "rmse", "casual", "registered", end=".gz"
    ),
    "wine_quality": table("wine_quality", "quality", 0.7365, "rmse"),
    "abalone": table("abalone", "rings", 2.3534, "rmse"),
    "protein_casp": table("protein_casp", "RMSD", 5.228, "rmse", end=".gz"),
    "kin8nm": table("kin8nm", "y", 0.2029, "rmse"),
}  # fmt: skip


def loaded(data: Path, name: str, scratch: Path) -> Task:
    """A data set as a task, judged by the baseline's metric."""
    one = SETS[name]
    if name == "cifar10":
        return with_metric(load(cifar(data / "cifar10", scratch)), one.metric)
    options = {key: str(data / value) if key == "test" else value for key, value in one.options.items()}
    if one.metric == "rmse":
        options["kind"] = "regression"
    return with_metric(load(str(data / one.file), **options), one.metric)


def cifar(folder: Path, scratch: Path) -> str:
    """The mosaics of tiles as one archive, in the usual names."""
    from PIL import Image

    def tiles(file: Path) -> np.ndarray:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        high, wide = pixels.shape[0] // 32, pixels.shape[1] // 32
        return pixels.reshape(high, 32, wide, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)

    labels = np.load(folder / "labels.npz")
    train = np.concatenate([tiles(file) for file in sorted(folder.glob("train_[0-9].webp"))])
    file = scratch / "cifar10.npz"
    np.savez(
        file,
        x_train=train,
        y_train=labels["train"],
        x_test=tiles(folder / "test_0.webp"),
        y_test=labels["test"],
    )
    return str(file)


def measured(data: Path, name: str, scratch: Path) -> dict[str, Any]:
    """Test and validation scores of the seeds, and what they cost."""
    task = loaded(data, name, scratch)
    recipe = recipe_of(parse(SETS[name].recipe), default_recipe(task), task)
    recipe = replace(recipe, epochs=float(recipe.epochs))
    started = time.monotonic()
    trainer = PopulationTrainer(task)
    outcomes = list(trainer.train("sanity", [Job(f"{seed}", recipe, seed, points=1) for seed in SEEDS]))
    outcomes.sort(key=lambda one: one.name)
    return {
        "name": name, "metric": task.metric, "baseline": SETS[name].baseline, "recipe": repr(recipe),
        "test": [one.test_score for one in outcomes], "valid": [one.valid_score for one in outcomes],
        "train": [one.train_score for one in outcomes], "steps": outcomes[0].steps,
        "metrics": [dict(one.details["metrics"]) for one in outcomes],
        "seconds": time.monotonic() - started, "train_rows": task.train_rows, "told": SETS[name].recipe,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=list(SETS), default=list(SETS))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in asked.only:
            found.append(measured(asked.data, name, Path(scratch)))
            print(_row(found[-1]), flush=True)
    raw = {"machine": machine.describe(None), "found": found}
    (asked.out / "raw.json").write_text(json.dumps(raw, indent=1) + "\n")
    (asked.out / "verdict.md").write_text("\n".join([*_head(), *map(_row, found), ""]))


def _head() -> list[str]:
    return [
        "# Networks beside sanity baselines",
        "",
        "Command: `python benchmarks/sanity.py DATA --out records/DATE_sanity`. Test scores of three seeds,",
        "each of which trains on four fifths of the training rows; the data's usual recipe, with what is",
        "told.",
        "",
        "| data | metric | baseline | mean | seeds | met | steps | seconds, all seeds | told |",
        "| - | - | -: | -: | - | - | -: | -: | - |",
    ]


def _row(one: dict[str, Any]) -> str:
    mean = float(np.mean(one["test"]))
    higher = one["metric"] == "accuracy"
    met = "yes" if (mean > one["baseline"]) == higher else "no"
    show: Callable[[float], str] = lambda value: f"{value:.4g}"  # noqa: E731
    seeds = ", ".join(map(show, one["test"]))
    return (
        f"| {one['name']} | {one['metric']} | {show(one['baseline'])} | {show(mean)} | {seeds} | {met} | "
        f"{one['steps']} | {one['seconds']:.0f} | {one['told'] or 'nothing'} |"
    )


if __name__ == "__main__":
    main()
