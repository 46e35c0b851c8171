"""Do the statistics keep what they promise: error rates, coverage, width of intervals, power?

    python benchmarks/statistics_selftest.py --out records/<date>_statistics

Everything is simulated by ``error_rates``, so a machine's speed enters nowhere. A claim holds if what was
counted is within three standard errors of its bound. Bounds are fixed here, before anything is counted; a
claim that fails is written down as failed.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import error_rates
import machine
import numpy as np
from error_rates import ALPHA, SCORES
from scipy import special, stats

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from experiments.simulated import task
from shoal.experiments.planning import make_plan
from shoal.statistics.power import seeds_for, seeds_needed, smallest_difference

SEEDS, ARMS = (5, 10, 20), (1, 4, 16)
CUTS = (10, 12, 15, 40)
POWER = 0.8
SIMULATED = 2000
"""Simulations that a forecast of few seeds itself rests on."""
MOST_MORE = 200
DIFFERENT = (("log-normal", "normal"), ("failures, 1 in 20", "accuracies on 36 rows"))
DIFFERENT_LUCK = ("coverage, arms of equal mean and different luck", "false verdicts on such arms")
NOTES = {
    DIFFERENT_LUCK[
        0
    ]: "Where one arm alone fails once in 20 runs, most sets of 10 seeds hold no failure, and "
    "nothing in them tells of it: what they show is the mean of the runs that do not fail, and verdicts are "
    "about that. No statistic of so few seeds can do more; more seeds than the failures are rare can.",
    "width": "Mean width, by that of an interval that knows the deviation. The bound is what not knowing it "
    "costs Student's interval of normal differences.",
}


class Claim(NamedTuple):
    """A table's name, its row, what was counted of how many comparisons, what that was to be, whether it is;
    None: nothing is claimed."""

    table: str
    row: str
    comparisons: int
    found: float
    bound: str
    holds: bool | None


def counted(comparisons: int, arms: int) -> int:
    """How many comparisons of this many arms are simulated: fewer where each of them says more."""
    return round(comparisons / arms**0.5)


def error(rate: float, trials: int) -> float:
    """Three standard errors of a counted rate."""
    return 3 * (rate * (1 - rate) / trials) ** 0.5


def at_most(table: str, row: str, trials: int, found: float, rate: float = ALPHA) -> Claim:
    bound = rate + error(rate, trials)
    return Claim(table, row, trials, found, f"at most {rate:g} (+{error(rate, trials):.4f})", found <= bound)


def at_least(table: str, row: str, trials: int, found: float, rate: float = 1 - ALPHA) -> Claim:
    bound = rate - error(rate, trials)
    return Claim(table, row, trials, found, f"at least {rate:g} (-{error(rate, trials):.4f})", found >= bound)


def students_price(seeds: int) -> float:
    """How much wider Student's interval of normal differences is in the mean than one of known deviation."""
    log_ratio = special.gammaln(seeds / 2) - special.gammaln((seeds - 1) / 2)
    mean_deviation = (2 / (seeds - 1)) ** 0.5 * np.exp(log_ratio)
    return float(stats.t.ppf(1 - ALPHA / 2, seeds - 1) / stats.norm.ppf(1 - ALPHA / 2) * mean_deviation)


def equal_arms(comparisons: int) -> Iterator[Claim]:
    """A against A: false verdicts, coverage and width."""
    for seeds in SEEDS:
        tallies = []
        for name, kind in SCORES.items():
            for arms in ARMS:
                trials = counted(comparisons, arms)
                tally = error_rates.equal_arms(kind, seeds, arms, trials)
                tallies.append(tally)
                row = f"{name}, {seeds} seeds, {arms} arm{'s' * (arms > 1)}"
                yield at_most("false verdicts", row, trials, tally.false / trials)
                yield at_least("coverage", row, trials, tally.covered)
                price = students_price(seeds)
                allowed = price + 3 * tally.width_error
                bound = f"at most {price:.3f} (+{3 * tally.width_error:.3f})"
                yield Claim("width", row, trials, tally.width, bound, tally.width <= allowed)
        total, row = sum(one.comparisons for one in tallies), f"all of {seeds} seeds"
        yield at_most("false verdicts", row, total, sum(one.false for one in tallies) / total)
        yield at_least("coverage", row, total, sum(one.covered * one.comparisons for one in tallies) / total)


def different_luck(comparisons: int) -> Iterator[Claim]:
    """Arms of equal mean, one of which has skewed luck that the other has not."""
    for arm, baseline in DIFFERENT:
        for seeds in SEEDS:
            rates = error_rates.different_luck(SCORES[arm], SCORES[baseline], seeds, comparisons)
            row = f"{arm} against {baseline}, {seeds} seeds"
            yield at_least(DIFFERENT_LUCK[0], row, comparisons, rates[0])
            yield at_most(DIFFERENT_LUCK[1], row, comparisons, rates[1])


def looks(comparisons: int) -> Iterator[Claim]:
    """Looks after each of ``CUTS``; undecided arms go on."""
    plan, table = make_plan(task(), "optimizer=adam,sgd", budget=60), "false verdicts over all looks"
    kinds = [(name, arms) for name in SCORES for arms in ARMS[:2]] + [("normal", ARMS[-1])]
    for name, arms in kinds:
        trials = counted(comparisons, arms)
        found = error_rates.sequences(plan, SCORES[name], CUTS, arms, trials)
        false = sum(any(one.word in ("better", "worse") for one in each.values()) for each in found)
        yield at_most(table, f"{name}, {arms} arm{'s' * (arms > 1)}", trials, false / trials)
    peeked = error_rates.peeked(SCORES["normal"], CUTS, comparisons)
    row = "for contrast, each look at the whole rate: normal, 1 arm"
    yield Claim(table, row, comparisons, peeked, "nothing claimed", None)
    for difference in (0.0, 0.5, 1.0, 2.0):
        covered, early = 0, 0
        for each in error_rates.sequences(plan, SCORES["normal"], CUTS, 1, comparisons, difference):
            one = each["1"].comparison
            covered += one.interval.low <= difference <= one.interval.high
            early += one.n < CUTS[-1]
        row = f"normal, true difference {difference:g}, {early / comparisons:.0%} decided early"
        yield at_least("coverage of the interval that is kept", row, comparisons, covered / comparisons)


def power(comparisons: int) -> Iterator[Claim]:
    """Power at the smallest difference, and with the seeds that are said to be needed."""
    for seeds, arms in ((10, 1), (10, 4), (10, 16), (16, 16), (20, 1), (20, 4), (40, 1), (40, 16)):
        smallest = smallest_difference(seeds, 2.0, arms=arms)
        trials = counted(comparisons, arms)
        found = error_rates.power(smallest, 2.0, seeds, arms, trials)
        row = (
            f"smallest difference {smallest / 2:.2f} deviations, {seeds} seeds, {arms} arm{'s' * (arms > 1)}"
        )
        yield _as_forecast("power as forecast", row, trials, found)
    found = error_rates.power(9.0, 1.0, 5, 1, comparisons)
    holds = found == 0 and smallest_difference(5, 1.0) == float("inf")
    yield Claim("power as forecast", "9 deviations, 5 seeds, 1 arm", comparisons, found, "0: too few", holds)
    for difference, arms in ((1.2, 1), (0.8, 4), (0.5, 1), (0.6, 16)):
        seeds = seeds_for(difference, 1.0, arms=arms)
        assert seeds is not None
        trials = counted(comparisons, arms)
        found = error_rates.power(difference, 1.0, seeds, arms, trials)
        row = f"{difference:g} deviations, {arms} arm{'s' * (arms > 1)}: {seeds} seeds"
        yield at_least("power with the seeds said", row, trials, found, POWER - 0.01)


def _as_forecast(table: str, row: str, trials: int, found: float) -> Claim:
    """0.01 is for the change from simulated to Student's power."""
    allowed = error(POWER, trials) + error(POWER, SIMULATED) + 0.01
    return Claim(table, row, trials, found, f"{POWER} ±{allowed:.3f}", abs(found - POWER) <= allowed)


def more_seeds(comparisons: int) -> Iterator[Claim]:
    """How often a verdict comes with as many seeds as an undecided first ten are said to need."""
    table = "decided with the seeds still needed, new ones"
    pilot = np.random.default_rng(5).normal(0, 1, 10)
    pilot = (pilot - pilot.mean()) / pilot.std(ddof=1)
    for mean, margin in ((0.5, 0.05), (0.3, 0.0), (0.0, 0.6), (0.1, 0.5)):
        found = error_rates.decided(mean, margin, 10 + _needed(pilot + mean, margin), comparisons)
        row = f"first ten tell mean {mean:g} and deviation 1 truly, margin {margin:g}"
        yield at_least(table, row, comparisons, found, POWER - 0.01)
    generator, hits, tried = np.random.default_rng(6), 0.0, 0
    while tried < comparisons // 2:
        more = seeds_needed(generator.normal(0.5, 1, 10), 0.05)
        if more and more <= MOST_MORE:
            hits += error_rates.decided(0.5, 0.05, 10 + more, 1, salt=tried)
            tried += 1
    row = f"first ten are drawn at mean 0.5, deviation 1; those told 1 to {MOST_MORE} more, margin 0.05"
    yield Claim(table, row, tried, hits / tried, "nothing claimed: a rough guide", None)


def _needed(differences: np.ndarray, margin: float) -> int:
    more = seeds_needed(differences, margin)
    assert more is not None
    return more


def written(claims: list[Claim]) -> str:
    """The record's verdict."""
    failed = [claim for claim in claims if claim.holds is False]
    kept = sum(claim.holds is True for claim in claims)
    lines = [
        "# Do the statistics keep what they promise?",
        "",
        "Command: `python benchmarks/statistics_selftest.py --out records/DATE_statistics`; α is 0.05.",
        "In brackets: three standard errors of the count. Margin 0, and no least number of seeds.",
        "",
        f"{kept} claims hold, {len(failed)} do not{':' if failed else '.'}",
        "",
    ]
    lines += [f"- {claim.table}: {claim.row}: {claim.found:.4g}, {claim.bound}" for claim in failed]
    for table in dict.fromkeys(claim.table for claim in claims):
        lines += [
            "",
            f"## {table[0].upper()}{table[1:]}",
            "",
            *([NOTES[table], ""] if table in NOTES else []),
            "| what | comparisons | found | bound | holds |",
        ]
        lines.append("| - | -: | -: | - | - |")
        words = {True: "yes", False: "**no**", None: "–"}
        for row in (claim for claim in claims if claim.table == table):
            holds = words[row.holds]
            lines.append(f"| {row.row} | {row.comparisons:,} | {row.found:.4f} | {row.bound} | {holds} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--comparisons", type=int, default=1000)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    parts = (equal_arms, different_luck, looks, power, more_seeds)
    claims = [claim for part in parts for claim in part(asked.comparisons)]
    raw = {"machine": machine.describe(None), "claims": [claim._asdict() for claim in claims]}
    (asked.out / "raw.json").write_text(json.dumps(raw, indent=1, default=bool) + "\n")
    (asked.out / "verdict.md").write_text(written(claims))
    print(written(claims))


if __name__ == "__main__":
    main()
