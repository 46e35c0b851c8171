"""From a run's record to the plain data of its report."""

import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shoal.errors import UserError
from shoal.population.recipe import Outcome
from shoal.store.record import Record
from shoal.store.report import privacy
from shoal.store.report.band import band
from shoal.store.report.data import Arm, Outsider, Report, Trial, number, pair
from shoal.store.report.privacy import Shortener

COLORS = 8
"""Arms that are drawn in a color of their own: the baseline and the best others; the rest is gray."""
_ATTEMPT, _LENGTHS = 1000, 10
"""Tuning seeds of one attempt lie in one thousand (``experiments.plan.Plan.tuning_seeds``); those of attempts
from the tenth on tuned for another length of training (``experiments.conditions``)."""
_NEEDED = ("arms", "baseline", "task", "metric", "judge", "margin", "notes", "outsiders", "candidates")


def gather(record: Record) -> Report:
    """The report of a run that has a verdict. Raises UserError where there is none, or one of a shoal whose
    results had other parts."""
    found = verdict_of(record)
    if missing := [key for key in _NEEDED if key not in found]:
        raise UserError(
            f"the result in {record.folder} was written by another version of shoal and has no "
            f"{missing[0]}; repeat its command with --resume must to bring it up to date"
        )
    plan = plan_of(record)
    shorten = shortener(record, plan, found["task"])
    on_data = {shorten.text(note) for note in record.choice("data-notes") or ()}
    result = shorten.tree(found)
    notes = [privacy.data_note(note) if note in on_data else note for note in result["notes"]]
    arms = _arms(record, found, shorten)
    return Report(
        task=privacy.basename(found["task"]),
        metric=result["metric"],
        judge=result["judge"],
        higher_is_better=result["higher_is_better"],
        axis=result["axis"],
        baseline=next((arm.name for arm in arms if arm.is_baseline), result["baseline"]),
        margin=number(result["margin"]),
        alpha=number(result["alpha"]),
        arms=colored(arms, result["judge"] == "score" and result["higher_is_better"]),
        outsiders=tuple(map(_outsider, result["outsiders"])),
        candidates=tuple(result["candidates"]),
        notes=tuple(note for note in notes if note),
        result=result,
        machine=record.choice("machine"),
        plan_text=privacy.shown_plan(plan),
        started_at=record.started_at(),
    )


def colored(arms: Sequence[Arm], more_is_better: bool) -> tuple[Arm, ...]:
    """The arms, best first, the baseline and the best others each with a color."""

    def rank(arm: Arm) -> float:
        if not math.isfinite(arm.difference):
            return math.inf
        return -arm.difference if more_is_better else arm.difference

    order = sorted(arms, key=rank)
    chosen = [arm for arm in order if arm.is_baseline] + [arm for arm in order if not arm.is_baseline]
    colors = {arm.name: place for place, arm in enumerate(chosen[:COLORS])}
    return tuple(replace(arm, color=colors.get(arm.name)) for arm in order)


def verdict_of(record: Record) -> Any:
    """The recorded result. Raises UserError where there is none yet."""
    found = record.verdict()
    if found is None:
        raise UserError(_unfinished(record))
    return found


def _unfinished(record: Record) -> str:
    if record.active():
        return f"{record.folder} is still being trained; its report is written at its end"
    return (
        f"{record.folder} has no verdict yet, its run was ended early; repeat its command with "
        "--resume must to finish it"
    )


def plan_of(record: Record) -> str:
    """The text of the run's plan.toml, "" where there is none."""
    file = record.folder / "plan.toml"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def shortener(record: Record, plan: str, *tasks: str) -> Shortener:
    """What takes the folders out of a run's texts."""
    asked = privacy.strings(tomllib.loads(plan))
    folders = (record.folder.absolute(), Path.cwd(), Path.home())
    return Shortener([*asked, str(record.folder), *tasks], map(str, folders))


def _arms(record: Record, result: Mapping[str, Any], shorten: Shortener) -> list[Arm]:
    judged: dict[str, list[Outcome]] = defaultdict(list)
    tuned: dict[str, dict[tuple[int, int], Outcome]] = defaultdict(dict)
    for name, outcome in record.outcomes().items():
        phase, _, rest = name.partition("/")
        if phase == "evaluate":
            judged[rest.rpartition("/")[0]].append(outcome)
        elif phase == "tune":
            arm, trial, seed = rest.rsplit("/", 2)
            tuned[arm][int(trial), int(seed)] = outcome
    found, names = [], set[str]()
    for arm in result["arms"]:
        name, copies = shorten.text(arm["name"]), 2
        while name in names:  # two files of one name in different folders
            name, copies = f"{shorten.text(arm['name'])} ({copies})", copies + 1
        names.add(name)
        found.append(_arm(name, arm, judged[arm["name"]], tuned[arm["name"]], shorten))
    return found


def _arm(
    name: str,
    arm: Mapping[str, Any],
    judged: Sequence[Outcome],
    tuned: Mapping[tuple[int, int], Outcome],
    shorten: Shortener,
) -> Arm:
    space = {shorten.text(key): one for key, one in arm["search_space"].items()}
    hyper = {shorten.text(key): value for key, value in arm["hyper"].items()}
    chosen = {key: hyper[key] for key in space if key in hyper}
    rates = [key for key in space if key.rpartition(".")[2] == "lr"]
    curves = [one.details.get("curve", ()) for one in judged if not one.diverged]
    return Arm(
        name=name,
        axis=shorten.text(arm.get("axis") or ""),
        mean=number(arm["mean"]),
        interval=pair(arm["interval"]),
        difference=number(arm["difference"]),
        difference_interval=pair(arm["difference_interval"]),
        probability=number(arm["probability_of_improvement"]),
        p=number(arm["p_corrected"]),
        steps=number(arm["steps"]),
        evaluations=number(arm["evaluations"]),
        seconds=number(arm["time_seconds"]),
        memory=number(arm["memory_bytes"]),
        diverged=arm["diverged"],
        seeds=len(arm["seeds"]),
        verdict=arm["verdict"],
        words=shorten.text(arm["words"]),
        edge=arm["edge"],
        more_seeds=arm["more_seeds"],
        space=space,
        chosen=chosen,
        lr=rates[-1] if rates else next(iter(space), ""),
        trials=trials(tuned, chosen, shorten),
        score_curve=band([[(one[0], one[2]) for one in curve] for curve in curves]),
        loss_curve=band([[(one[0], one[1]) for one in curve] for curve in curves]),
        details={shorten.text(key): value for key, value in arm.items()},
    )


def trials(
    tuned: Mapping[tuple[int, int], Outcome], chosen: Mapping[str, float], shorten: Shortener
) -> tuple[Trial, ...]:
    """The trials of the last attempt at full length by number, each with its mean over the seeds it finished.

    tuned: by trial and seed. Outcomes without hyperparameters (records of an earlier shoal) are left out.
    """
    attempts = {seed // _ATTEMPT for _, seed in tuned}
    last = max((one for one in attempts if one % _ATTEMPT < _LENGTHS), default=0)
    groups: dict[int, list[Outcome]] = defaultdict(list)
    for (trial, seed), outcome in tuned.items():
        if seed // _ATTEMPT == last and "hyper" in outcome.details:
            groups[trial].append(outcome)
    found = []
    for trial, outcomes in sorted(groups.items()):
        point = {shorten.text(key): value for key, value in outcomes[0].details["hyper"].items()}
        diverged = any(one.diverged for one in outcomes)
        score = math.nan if diverged else sum(one.valid_score for one in outcomes) / len(outcomes)
        is_chosen = bool(chosen) and all(point.get(key) == value for key, value in chosen.items())
        found.append(Trial(trial, point, score, len(outcomes), diverged, is_chosen))
    return tuple(found)


def _outsider(found: Mapping[str, Any]) -> Outsider:
    scores = [one for one in found["scores"].values() if one is not None]
    if not scores:
        return Outsider(found["name"], math.nan, 0, math.nan)
    return Outsider(found["name"], sum(scores) / len(scores), len(scores), found["seconds"] / len(scores))
