"""One training as asked for: a task, a recipe and a seed become a saved network."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from shoal.artifact.load import locate
from shoal.artifact.save import RECIPE
from shoal.errors import UserError
from shoal.experiments import planning, recipes, request
from shoal.experiments.request import RecipeLike, Request
from shoal.experiments.take_home import Saved, save_trained
from shoal.population.batches import training_steps
from shoal.population.recipe import Progress, Recipe
from shoal.population.starting_weights import checked
from shoal.store.folders import results_folder
from shoal.tasks.task import Task


def train(
    task: Any,
    recipe: RecipeLike | Path | None = None,
    *,
    seed: int = 0,
    out: str | Path | None = None,
    target: str | None = None,
    kind: str | None = None,
    ignore: str | Sequence[str] = (),
    group: str | None = None,
    time: str | None = None,
    test: Any = None,
    text: str | Sequence[str] = (),
    length: int | None = None,
    image_size: int | None = None,
    weights: str | Path | None = None,
    metric: str | None = None,
    device: str = "cpu",
    on_progress: Callable[[Progress, int], None] | None = None,
) -> Saved:
    """Train one network and save it as an artifact in ``out``, by default a new folder in shoal-results.

    task, target, kind, ignore, group, time, test, text, length, image_size, weights, metric: as for
    ``shoal.compare``. recipe: a Recipe, a text ("width=128 adam.lr=0.01"), a dict, the path of a recipe.toml,
    or a results folder or an artifact, whose recipe is taken; what it does not tell is as in the task's
    default recipe. on_progress hears how far it is, and of how many steps in all. Raises UserError, one
    sentence, for anything wrong with these, before training, and where the training diverges.
    """
    asked = Request(
        task=task, target=target, kind=kind, ignore=request.columns(ignore), group=group, time=time,
        test=test, text=request.columns(text), length=length, image_size=image_size,
        weights=None if weights is None else str(weights), metric=metric, device=device,
    )  # fmt: skip
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise UserError(f"seed {seed!r} is no whole number from 0 to {2**31 - 1}")
    request.check(asked)
    loaded = request.task_of(asked)
    made = _recipe(loaded, recipe, asked)
    loaded = checked(loaded, [made])
    total = training_steps(loaded, made)
    folder = results_folder(None, "never", loaded.name, "train") if out is None else Path(out)
    try:
        return save_trained(
            loaded, made, seed, folder,
            origin={"arm": ""},
            source=request.source_of(asked),
            device=device,
            on_progress=None if on_progress is None else lambda now: on_progress(now, total),
        )  # fmt: skip
    finally:
        if out is None and not any(folder.iterdir()):
            folder.rmdir()


def _recipe(task: Task, told: RecipeLike | Path | None, asked: Request) -> Recipe:
    """The recipe that is meant, checked against the task."""
    start = planning.start_of(task, asked)
    if isinstance(told, str | Path) and Path(told).is_dir():
        return recipes.from_toml(locate(Path(told)) / RECIPE, start, task)
    if isinstance(told, Path) or (isinstance(told, str) and told.endswith(".toml") and "=" not in told):
        return recipes.from_toml(told, start, task)
    return recipes.recipe_of(planning.changes_of(told, start), start, task)
