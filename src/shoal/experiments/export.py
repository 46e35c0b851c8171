"""The raw numbers of a comparison as CSV: a row for each judged network, and for each point of its curve."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shoal.experiments.plan import Plan
from shoal.experiments.training import evaluation_name
from shoal.population.recipe import Outcome
from shoal.store.atomic import write_text

SCORES, CURVES = "scores.csv", "curves.csv"

_NUMBERS = ("train_loss", "valid_loss", "steps", "evaluations", "seconds", "memory", "diverged")
Row = tuple[str, int, Outcome]
_CURVE = ("step", "evaluations", "seconds", "loss", "score")


def write(folder: Path, outcomes: Mapping[str, Outcome], plan: Plan) -> None:
    """Write scores.csv and curves.csv of a run's outcomes, by job name ("evaluate/ARM/SEED"; others are
    tuning and not written).

    scores.csv: arm, seed, every metric on test rows, with ``valid_`` and ``train_`` the plan's metric on
    validation and training rows, then losses and costs. curves.csv: arm, seed, and of each point step,
    gradient evaluations, seconds, and loss and score on validation rows. An empty cell is no number.
    """
    places = {evaluation_name(arm.name, 0).rpartition("/")[0]: arm.name for arm in plan.arms}
    split = [(*name.rpartition("/")[::2], one) for name, one in outcomes.items()]
    order = {name: place for place, name in enumerate(places.values())}
    judged = [(places[arm], int(seed), one) for arm, seed, one in split if arm in places]
    judged.sort(key=lambda row: (row[1], order[row[0]]))
    write_text(folder / SCORES, _scores(judged, plan.metric))
    write_text(folder / CURVES, _curves(judged))


def _scores(judged: Sequence[Row], metric: str) -> str:
    found = dict.fromkeys(name for *_, one in judged for name in one.details.get("metrics", ()))
    others = [name for name in found if name != metric]
    heading = ["arm", "seed", metric, *others, f"valid_{metric}", f"train_{metric}", *_NUMBERS]
    rows = []
    for arm, seed, one in judged:
        metrics = one.details.get("metrics", {})
        scores = [one.test_score, *(metrics.get(name) for name in others), one.valid_score, one.train_score]
        rows.append([arm, seed, *scores, *(getattr(one, name) for name in _NUMBERS)])
    return _text(heading, rows)


def _curves(judged: Sequence[Row]) -> str:
    rows = [
        [arm, seed, int(step), evaluations, seconds, loss, score]
        for arm, seed, one in judged
        for step, loss, score, evaluations, seconds in one.details.get("curve", ())
    ]
    return _text(["arm", "seed", *_CURVE], rows)


def _text(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if isinstance(value, float) and not math.isfinite(value) else value
