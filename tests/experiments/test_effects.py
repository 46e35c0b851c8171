"""Main effects of crossed axes: right numbers, balance, error rates over looks."""

import itertools
import math

import numpy as np
import pytest

from shoal.experiments import effects, sequential
from shoal.experiments.compare import make_plan
from shoal.experiments.interactions import interactions
from shoal.experiments.sequential import Block
from shoal.experiments.trials import Best
from shoal.population.recipe import Outcome
from shoal.statistics.corrections import holm
from shoal.statistics.intervals import mean_interval

from .simulated import Memory, SimulatedTrainer, run, task

AXES = ["optimizer=adam,sgd,rmsprop", "width=32,64"]
WORK = 8_000_000


def plan(**options):
    return make_plan(task(), AXES, budget=60, **options)


def untuned(made) -> dict[str, Best]:
    return {arm.name: Best(0, {}, {}) for arm in made.arms}


def recorded(made, scores: np.ndarray) -> dict[str, dict[int, Outcome]]:
    """Outcomes of scores [optimizers, widths, seeds]."""
    found = {}
    for arm, own in zip(made.arms, scores.reshape(-1, scores.shape[-1]), strict=True):
        found[arm.name] = {
            seed: Outcome("", one, one, one, 1.0, 1.0, math.isnan(one), 10, 10.0, 1.0, 100, {})
            for seed, one in enumerate(own)
        }
    return found


def look(made, scores, *parts, over=True):
    parts = parts or (range(scores.shape[-1]),)
    blocks = [Block(tuple(arm.name for arm in made.arms), tuple(one)) for one in parts]
    return effects.looks(made, task(), blocks, recorded(made, scores), over, untuned(made))


def test_effects_are_paired_means_over_the_other_axis_by_hand():
    made, scores = plan(), 0.8 + 0.02 * np.random.default_rng(0).normal(size=(3, 2, 14))
    found = look(made, scores)
    assert list(found) == ["optimizer=sgd", "optimizer=rmsprop", "width=32"]
    assert made.crossed[made.baseline] == {"optimizer": "adam", "width": "64"}
    by_hand = [
        scores[1].mean(axis=0) - scores[0].mean(axis=0),
        scores[2].mean(axis=0) - scores[0].mean(axis=0),
        scores[:, 0].mean(axis=0) - scores[:, 1].mean(axis=0),
    ]
    for one, differences in zip(found.values(), by_hand, strict=True):
        assert one.comparison.difference == pytest.approx(differences.mean(), abs=1e-12)
        assert one.comparison.interval == pytest.approx(mean_interval(differences, 0.95), abs=1e-9)
    corrected = holm([one.comparison.p for one in found.values()])
    assert [one.p for one in found.values()] == pytest.approx(list(corrected))


def test_diverged_runs_count_as_worst_in_every_mean():
    made, scores = plan(), np.full((3, 2, 12), 0.8)
    scores[1, 0, :6] = math.nan
    found = look(made, scores)
    assert found["optimizer=sgd"].comparison.difference == pytest.approx(-0.2)
    assert found["width=32"].comparison.difference == pytest.approx(-0.8 / 6)


def test_known_effects_are_found_from_one_population_in_words_and_json():
    trainer = SimulatedTrainer({"sgd": 0.7}, effects={("width", 32): -0.1})
    result = run(trainer, AXES, work=WORK)
    words = {(one.axis, one.value): one.verdict for one in result.effects}
    assert words == {
        ("optimizer", "adam"): "baseline", ("optimizer", "sgd"): "worse", ("optimizer", "rmsprop"): "same",
        ("width", "64"): "baseline", ("width", "32"): "worse",
    }  # fmt: skip
    sgd = next(one for one in result.effects if one.value == "sgd")
    assert sgd.difference == pytest.approx(-0.1, abs=0.02) and sgd.combinations == 2 and sgd.seeds >= 10
    assert "in the mean over 2 combinations" in sgd.words
    plain = result.to_dict()
    assert {"axis", "value", "against", "difference", "difference_interval", "p_corrected", "verdict"} <= set(
        plain["effects"][0]
    )
    assert not any("interact" in note for note in result.notes)


def test_arms_keep_all_seeds_until_the_effects_are_decided_and_show_those_of_their_look():
    record = Memory()
    trainer = SimulatedTrainer({"sgd": 0.4}, spread=0.04)
    result = run(trainer, AXES, work=WORK, record=record)
    arms = {arm.name: arm for arm in result.arms}
    assert arms["sgd · width 64"].verdict == "worse"
    trained = {
        name: sum("sgd · width 64" in one for one in record.outcomes(f"evaluate-{name}")) for name in (0, 1)
    }
    assert trained[1] > 0, "it was decided at the first look, and went on for the effects"
    assert len(arms["sgd · width 64"].scores) == trained[0]
    sgd = next(one for one in result.effects if one.value == "sgd")
    rms = next(one for one in result.effects if one.value == "rmsprop")
    assert sgd.verdict == "worse" and sgd.seeds <= rms.seeds


def test_the_luck_of_tuning_widens_effects():
    """Six arms chosen on 2, 4 and 4 seeds and, thrice, with nothing to tune: ½ (½ + ¼ + ¼) / 6."""
    made, scores = plan(), 0.8 + 0.02 * np.random.default_rng(3).normal(size=(3, 2, 14))
    blocks = [Block(tuple(arm.name for arm in made.arms), tuple(range(14)))]
    seeds = dict(zip(untuned(made), (2, 4, 4, 0, 0, 0), strict=True))
    best = {name: one._replace(seeds=seeds[name]) for name, one in untuned(made).items()}
    (first, *_) = effects.looks(made, task(), blocks, recorded(made, scores), True, best).values()
    differences = (scores[1] - scores[0]).mean(axis=0)
    assert first.luck == pytest.approx(1 / 12)
    expected = mean_interval(differences, 0.95, luck=1 / 12)
    assert first.comparison.interval == pytest.approx(expected, abs=1e-9)


def test_effects_over_all_looks_alarm_at_most_at_alpha():
    """A against A, three effects, three looks: of 150 comparisons about α alarm falsely at most, and as
    rarely of interactions at the end."""
    made, source, alarms, interacting = plan(), np.random.default_rng(2), 0, 0
    cuts = [range(12), range(12, 14), range(14, 16)]
    for _ in range(150):
        scores = 0.8 + 0.03 * source.normal(size=(3, 2, 16)) + 0.02 * source.normal(size=16)
        for number in range(1, 4):
            found = look(made, scores, *cuts[:number], over=number == 3)
            if not effects.undecided(made, found):
                break
        alarms += any(one.word in ("better", "worse") for one in found.values())
        seen = recorded(made, scores[..., : cuts[number - 1].stop])
        level = sequential.levels(0.05, number, over=number == 3)[-1]
        interacting += any(one.real for one in interactions(made, task(), seen, level, untuned(made)))
    assert alarms <= 150 * 0.05 + 2 * math.sqrt(150 * 0.05 * 0.95)
    assert interacting <= 150 * 0.05 + 2 * math.sqrt(150 * 0.05 * 0.95)


def test_three_axes_are_judged_over_all_combinations_of_the_others():
    axes = [*AXES, "batch_size=32,64"]
    result = run(SimulatedTrainer(effects={("width", 32): -0.05}), axes, work=4 * WORK)
    assert {(one.axis, one.combinations) for one in result.effects} == {
        ("optimizer", 4), ("width", 6), ("batch_size", 6),
    }  # fmt: skip
    assert len(result.interactions) == len(list(itertools.combinations(range(4), 2))) - 1


def test_one_axis_has_no_effects_beside_its_arms():
    result = run(SimulatedTrainer(), work=1_500_000)
    assert result.effects == result.interactions == ()


def test_a_crossed_comparison_that_was_cut_off_before_any_network_says_so():
    result = run(SimulatedTrainer(interrupt_after=0), AXES, work=WORK)
    assert result.interrupted and {one.verdict for one in result.effects} == {"baseline", "undecided"}
