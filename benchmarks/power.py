"""Does a minute decide what a long run shows, and does it ever say what a long run denies?

    python benchmarks/power.py --data <folder with adult and california_housing> --out records/<date>_power

For each task: optimizers are compared in 60 s, twice with different seeds; then at length, at the same
epochs, with seeds that neither has seen (the truth); then at every card's default hyperparameters, untuned. A
pair is an arm and the baseline. What sharing seeds and stopping decided arms contributed is computed from the
same raw scores: Welch's test in place of the paired one, and the seeds that every arm would have had.
"""

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import machine
import numpy as np
from scipy import stats

import shoal
from shoal.catalogue import describe
from shoal.experiments.result import Result
from shoal.statistics.comparisons import compare as paired
from shoal.statistics.corrections import holm
from shoal.statistics.verdicts import verdict

SHORT, UNTUNED = "60s", "30s"
POINTS, SHARE = 0.02, 0.05
"""A true difference that must be decided: two points of accuracy, or 5 % of an error."""


def tasks(data: Path) -> dict[str, dict[str, Any]]:
    """By name what to give to ``shoal.compare``."""
    adult = {"task": data / "adult_train.csv.gz", "test": data / "adult_test.csv.gz", "target": "income"}
    houses = {
        "task": data / "california_housing_train.csv.gz",
        "test": data / "california_housing_test.csv.gz",
        "target": "median_house_value",
    }
    return {
        "digits": {"task": "digits"},
        "mnist1d": {"task": "mnist1d"},
        "adult": {**adult, "ignore": ("fnlwgt",), "metric": "accuracy"},
        "california_housing": houses,
    }


def untuned() -> dict[str, str]:
    """Every optimizer at its card's default learning rate, without weight decay; the baseline first."""
    found = {}
    for one in describe("optimizer"):
        told = [f"optimizer={one['name']}"]
        told += [f"lr={one['hyper']['lr']['default']}"] if "lr" in one["hyper"] else []
        own = one["hyper"].get("weight_decay")
        told += [f"{one['name']}.weight_decay={own['default']}"] if own else ["l2.coefficient=0"]
        found[one["name"]] = " ".join(told)
    return {"adam": found.pop("adam"), **found}


def runs(name: str, asked: dict[str, Any], long: str, out: Path) -> Iterator[tuple[str, Result]]:
    """The runs of one task; each is written when it is there."""
    epochs = None
    plans: dict[str, dict[str, Any]] = {
        "short-0": {"budget": SHORT, "replicate": 0},
        "short-1": {"budget": SHORT, "replicate": 1},
        "long": {"budget": long, "replicate": 2},
        "untuned": {"budget": UNTUNED, "replicate": 3, "arms": untuned()},
    }
    for run, options in plans.items():
        what = {} if "arms" in options else {"vary": "optimizer"}
        if epochs is not None:
            what["recipe"] = f"epochs={epochs}"
        result = shoal.compare(**asked, **what, **options, out=out / ".runs" / f"{name}-{run}")
        epochs = epochs or result.epochs
        plain = result.to_dict() | {"folder": None, "winner": None}  # paths of this machine stand in them
        (out / f"{name}-{run}.json").write_text(json.dumps(plain, indent=1) + "\n")
        print(name, run, result.networks_trained, {arm.name: arm.verdict for arm in result.arms}, flush=True)
        yield run, result


def decided(result: Result) -> dict[str, str]:
    """The verdict of every arm but the baseline; "under-tuned" is a kind of worse."""
    words = {arm.name: arm.verdict for arm in result.arms if arm.name != result.baseline}
    return {name: "worse" if word == "under-tuned" else word for name, word in words.items()}


def unpaired(result: Result) -> dict[str, str]:
    """The verdicts had the seeds not been shared: Welch's test on the same numbers."""
    base = np.array(by_name(result)[result.baseline].counted)
    others = [arm for arm in result.arms if arm.name != result.baseline and len(arm.counted) > 1]
    tests = [stats.ttest_ind(arm.counted, base, equal_var=False) for arm in others]
    corrected = holm([1.0 if math.isnan(one.pvalue) else float(one.pvalue) for one in tests])
    words = {}
    for arm, test, p in zip(others, tests, corrected, strict=True):
        low, high = test.confidence_interval(1 - result.alpha)
        difference = float(np.mean(arm.counted) - base.mean())
        words[arm.name] = word_of(result, difference, low, high, float(p), len(arm.counted))
    return words


def without_stopping(result: Result) -> dict[str, str]:
    """The verdicts of one look at the seeds that every arm would have had if none had been stopped."""
    equal = sum(len(arm.counted) for arm in result.arms) // len(result.arms)
    base = by_name(result)[result.baseline].counted
    others = [arm for arm in result.arms if arm.name != result.baseline and arm.counted]
    found = {}
    for arm in others:
        own = arm.counted[:equal]
        found[arm.name] = paired(own, base[: len(own)], level=1 - result.alpha), len(own)
    corrected = holm([one.p for one, _ in found.values()])
    return {
        name: word_of(result, one.difference, *one.interval, float(p), n)
        for (name, (one, n)), p in zip(found.items(), corrected, strict=True)
    }


def word_of(result: Result, difference: float, low: float, high: float, p: float, n: int) -> str:
    from shoal.statistics.intervals import Interval

    if not all(map(math.isfinite, (difference, low, high))):
        return "undecided"
    return verdict(
        difference, Interval(low, high), p, result.margin, n, result.alpha,
        higher_is_better=result.higher_is_better,
    )  # fmt: skip


def by_name(result: Result) -> dict[str, Any]:
    return {arm.name: arm for arm in result.arms}


def score(truth: Result, words: dict[str, str]) -> dict[str, int]:
    """How verdicts stand against the truth. large: pairs that must be decided, of these right and wrong.

    contradicted: better or worse where the truth's interval lies on the other side of 0, and same where it
    lies beyond the margin. overstated: better or worse where the truth's interval lies inside the margin.
    """
    arms, base = by_name(truth), by_name(truth)[truth.baseline]
    least = POINTS if truth.higher_is_better else SHARE * base.mean
    sign = 1 if truth.higher_is_better else -1
    count = dict.fromkeys(("pairs", "decided", "large", "right", "wrong", "contradicted", "overstated"), 0)
    for name, word in words.items():
        low, high = sorted(sign * end for end in arms[name].difference_interval)
        gain = sign * arms[name].difference
        side = {"better": 1, "worse": -1}.get(word, 0)
        large = abs(gain) >= least
        inside = -truth.margin <= low and high <= truth.margin
        beyond = low > truth.margin or high < -truth.margin
        count["pairs"] += 1
        count["decided"] += word != "undecided"
        count["large"] += large
        count["right"] += large and side * gain > 0
        count["wrong"] += large and side * gain < 0
        count["contradicted"] += (
            (side > 0 and high < 0) or (side < 0 and low > 0) or (word == "same" and beyond)
        )
        count["overstated"] += side != 0 and inside
    return count


def report(found: dict[str, dict[str, Result]]) -> list[str]:
    """Markdown: one line for each task and way."""
    ways = {
        "60 s": lambda one: [decided(one["short-0"]), decided(one["short-1"])],
        "seeds not shared": lambda one: [unpaired(one["short-0"]), unpaired(one["short-1"])],
        "no arm stopped": lambda one: [without_stopping(one["short-0"]), without_stopping(one["short-1"])],
        "default hyperparameters": lambda one: [decided(one["untuned"])],
    }
    lines = ["| way | task | pairs | decided | large | right | wrong | contradicted | overstated |"]
    lines += ["| - | - | -: | -: | -: | -: | -: | -: | -: |"]
    for way, words in ways.items():
        total: dict[str, int] = {}
        for task, one in found.items():
            counts = [score(one["long"], each) for each in words(one)]
            summed = {key: sum(int(count[key]) for count in counts) for key in counts[0]}
            total = {key: total.get(key, 0) + number for key, number in summed.items()}
            lines.append(f"| {way} | {task} | {' | '.join(map(str, summed.values()))} |")
        lines.append(f"| **{way}** | **all** | {' | '.join(map(str, total.values()))} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--long", default="4m")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    (asked.out / "machine.json").write_text(json.dumps(machine.describe(None), indent=1) + "\n")
    found = {name: dict(runs(name, what, asked.long, asked.out)) for name, what in tasks(asked.data).items()}
    lines = [
        "# What a minute decides",
        "",
        f"`--vary optimizer` on four tasks, {SHORT} twice each; the truth is {asked.long} on other seeds.",
        "",
        *report(found),
        "",
    ]
    (asked.out / "verdict.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
