"""Looks while evidence comes in: levels, frozen decisions, and the error rate over all looks."""

import math

import numpy as np
import pytest

from shoal.experiments import sequential
from shoal.experiments.compare import make_plan
from shoal.experiments.sequential import Block, levels, looks, undecided
from shoal.experiments.trials import Best
from shoal.population.recipe import Outcome
from shoal.statistics.comparisons import compare

from .simulated import SimulatedTrainer, run, task

ARMS = ("adam", "sgd", "rmsprop", "momentum")
UNTUNED = {arm: Best(0, {}, {}) for arm in ARMS}


def plan(**options):
    return make_plan(task(), f"optimizer={','.join(ARMS)}", budget=60, **options)


def outcome(score: float) -> Outcome:
    return Outcome("", score, score, score, 1.0, 1.0, math.isnan(score), 10, 10.0, 1.0, 100, {})


def recorded(scores: dict[str, np.ndarray]) -> dict[str, dict[int, Outcome]]:
    return {arm: {seed: outcome(one) for seed, one in enumerate(own)} for arm, own in scores.items()}


def blocks(*seeds: range, arms: tuple[str, ...] = ARMS) -> list[Block]:
    return [Block(arms, tuple(part)) for part in seeds]


def test_levels_add_up_to_alpha_and_the_last_look_has_nearly_all():
    for count in range(1, 8):
        early, last = levels(0.05, count, over=False), levels(0.05, count, over=True)
        assert sum(last) == pytest.approx(0.05) and last[:-1] == early[:-1]
        assert sum(early) < sequential.SPENT_EARLY * 0.05 and last[-1] >= 0.8 * 0.05
    assert levels(0.05, 1, over=True) == [0.05]


def test_one_look_is_the_plain_comparison():
    source = np.random.default_rng(0)
    scores = {arm: 0.8 + 0.02 * source.normal(size=15) for arm in ARMS}
    found = looks(plan(), task(), blocks(range(15)), recorded(scores), over=True, best=UNTUNED)
    for arm in ARMS[1:]:
        plain = compare(scores[arm], scores["adam"], resolution=1 / 200)
        assert found[arm].comparison == plain and found[arm].p >= plain.p


def test_a_decided_arm_keeps_its_look_and_is_not_trained_on():
    source = np.random.default_rng(1)
    scores = {arm: 0.8 + 0.002 * source.normal(size=40) for arm in ARMS}
    scores["adam"] += 0.01 * np.arange(40) % 0.03
    scores["sgd"] = scores["adam"][:14] - 0.1
    first = blocks(range(14))
    found = looks(plan(), task(), first, recorded(scores), over=False, best=UNTUNED)
    assert found["sgd"].word == "worse" and "sgd" not in undecided(plan(), found)
    rest = tuple(arm for arm in ARMS if arm != "sgd")
    later = [*first, *blocks(range(14, 40), arms=rest)]
    again = looks(plan(), task(), later, recorded(scores), over=True, best=UNTUNED)
    assert again["sgd"] == found["sgd"] and again["sgd"].comparison.n == 14
    assert all(again[arm].comparison.n == 40 for arm in rest[1:] if found[arm].word == "undecided")


def test_a_fixed_number_of_seeds_has_one_look():
    scores = {arm: np.full(30, 0.1 if arm == "sgd" else 0.8) for arm in ARMS}
    parts = blocks(range(15), range(15, 30))
    assert looks(plan(seeds=30), task(), parts, recorded(scores), over=False, best=UNTUNED) == {}
    found = looks(plan(seeds=30), task(), parts, recorded(scores), over=True, best=UNTUNED)
    assert found["sgd"].comparison.n == 30 and found["sgd"].alpha == 0.05


def test_all_looks_together_alarm_at_most_at_alpha():
    """A against A with four looks: of 200 comparisons of three arms each at most about α alarm falsely."""
    source, alarms = np.random.default_rng(2), 0
    cuts = [range(12), range(12, 20), range(20, 32), range(32, 50)]
    for _ in range(200):
        scores = {arm: 0.8 + 0.03 * source.normal(size=50) for arm in ARMS}
        parts, found = [], {}
        for cut in cuts:
            parts.append(Block(tuple(undecided(plan(), found)) if parts else ARMS, tuple(cut)))
            found = looks(plan(), task(), parts, recorded(scores), over=cut is cuts[-1], best=UNTUNED)
            if not undecided(plan(), found):
                break
        alarms += any(one.word in ("better", "worse") for one in found.values())
    assert alarms <= 200 * 0.05 + 2 * math.sqrt(200 * 0.05 * 0.95)


def test_seeds_that_decided_arms_leave_to_others_make_no_more_false_alarms():
    """Two arms are really worse and leave early; the third, an equal, gets their seeds: of 200 comparisons
    it is called better or worse in about α at most."""
    source, alarms, later = np.random.default_rng(3), 0, 0
    for _ in range(200):
        scores = {arm: 0.8 + 0.03 * source.normal(size=19) for arm in ARMS}
        for arm in ("sgd", "rmsprop"):
            scores[arm] = scores[arm] - 0.045
        parts, found, done = [], {}, 0
        while done < 19:
            arms = tuple(undecided(plan(), found)) if parts else ARMS
            # The same work pays more seeds of fewer arms.
            more = min(12 if not parts else 12 // len(arms), 19 - done)
            parts.append(Block(arms, tuple(range(done, done + more))))
            done += more
            found = looks(plan(), task(), parts, recorded(scores), over=done == 19, best=UNTUNED)
            if not undecided(plan(), found):
                break
        later += any(len(part.arms) < len(ARMS) for part in parts)
        alarms += found["momentum"].word in ("better", "worse")
    assert later > 50, "decided arms leave"
    assert alarms <= 200 * 0.05 + 2 * math.sqrt(200 * 0.05 * 0.95)


def test_time_of_decided_arms_goes_to_the_others():
    peak = {"sgd": 0.4, "rmsprop": 0.5, "momentum": 0.79}
    result = run(SimulatedTrainer(peak, spread=0.03), f"optimizer={','.join(ARMS)}", work=1_200_000)
    seeds = {arm.name: len(arm.seeds) for arm in result.arms}
    assert seeds["sgd"] == seeds["rmsprop"] < seeds["momentum"] == seeds["adam"]
    verdicts = {arm.name: arm.verdict for arm in result.arms}
    assert verdicts["sgd"] == verdicts["rmsprop"] == "worse"


def test_a_replicate_has_seeds_of_its_own():
    trained = []
    for replicate in (0, 1, 2):
        trainer = SimulatedTrainer()
        run(trainer, work=1_200_000, replicate=replicate)
        trained.append({job.seed for _, job in trainer.trained})
    assert all(not one & other for place, one in enumerate(trained) for other in trained[:place])


class SlowMomentum(SimulatedTrainer):
    """Time is over before momentum's networks have ended."""

    def train(self, phase, jobs, **others):
        tuning = phase.startswith("tune")
        return super().train(phase, [one for one in jobs if tuning or "momentum" not in one.name], **others)


def test_an_arm_that_does_not_finish_keeps_no_other_from_its_verdict():
    peak = {"sgd": 0.4, "rmsprop": 0.5, "momentum": 0.79}
    result = run(SlowMomentum(peak, spread=0.03), f"optimizer={','.join(ARMS)}", work=1_200_000)
    found = {arm.name: arm for arm in result.arms}
    assert found["sgd"].verdict == found["rmsprop"].verdict == "worse"
    assert found["momentum"].verdict == "undecided" and not found["momentum"].scores
    assert len(found["adam"].scores) >= len(found["sgd"].scores) >= 10
