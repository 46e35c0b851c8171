"""The protocol from end to end, with networks that are formulas."""

import json
import math
import subprocess
import sys
import time
from typing import Any

import pytest

import shoal
from shoal import UserError
from shoal.experiments.tuning import Tuned
from shoal.store.record import Record

from .simulated import Killed, Memory, SimulatedTrainer, run, task

WORK = 1_500_000


def comparable(result: Any) -> dict[str, Any]:
    """A result without its times."""
    plain = result.to_dict()
    return {key: one for key, one in plain.items() if key not in ("seconds", "folder")}


def test_a_known_better_arm_is_found_and_a_known_worse_one_too():
    trainer = SimulatedTrainer({"adam": 0.85, "sgd": 0.80, "rmsprop": 0.90})
    result = run(trainer, "optimizer=adam,sgd,rmsprop", work=2_000_000)
    words = {arm.name: arm.verdict for arm in result.arms}
    assert words == {"adam": "baseline", "sgd": "worse", "rmsprop": "better"}


def test_tuning_and_evaluation_use_different_seeds_and_every_arm_the_same():
    trainer = SimulatedTrainer()
    run(trainer, work=WORK)
    seeds: dict[tuple[str, str], set[int]] = {}
    for phase, job in trainer.trained:
        kind = "evaluate" if phase.startswith("evaluate") else "tune"
        seeds.setdefault((kind, job.recipe.optimizer), set()).add(job.seed)
    # The baseline's finals are on more seeds: its luck would be in every verdict.
    assert seeds["tune", "adam"] > seeds["tune", "sgd"]
    assert seeds["evaluate", "adam"] == seeds["evaluate", "sgd"]
    assert not seeds["tune", "adam"] & seeds["evaluate", "adam"]


def test_all_arms_get_the_same_trials_and_agreeing_ranges_the_same_values():
    trainer = SimulatedTrainer(best_lr={"adam": 1e-3, "rmsprop": 1e-3})
    run(trainer, "optimizer=adam,rmsprop", work=WORK)
    tried: dict[str, list[float]] = {"adam": [], "rmsprop": []}
    for phase, job in trainer.trained:
        if phase.startswith("tune-0") and "finals" not in phase:
            tried[job.recipe.optimizer].append(job.recipe.hyper[f"{job.recipe.optimizer}.lr"])
    assert len(tried["adam"]) == len(tried["rmsprop"]) >= 16
    # The defaults differ, the searched points do not: both ranges are [1e-5, 1e-1].
    assert len(set(tried["adam"]) & set(tried["rmsprop"])) >= len(tried["adam"]) - 1


def test_no_score_that_was_tuned_on_is_reported():
    record = Memory()
    result = run(SimulatedTrainer(spread=0.05), work=WORK, record=record)
    phases = ("tune-0-4", "tune-0-8", "tune-0-16", "tune-0-32", "tune-0-64", "tune-0-finals-0")
    tuning = [one for phase in phases for one in record.outcomes(phase).values()]
    assert len(tuning) > 90
    seen = {one.test_score for one in tuning} | {one.valid_score for one in tuning}
    validation = {one.valid_score for one in record.outcomes("evaluate-0").values()}
    for arm in result.arms:
        assert not set(arm.scores) & (seen | validation)
        assert arm.mean == pytest.approx(sum(arm.scores) / len(arm.scores))


def test_an_arm_against_its_equal_alarms_at_most_at_alpha():
    alarms = 0
    for seed in range(200):
        trainer = SimulatedTrainer(salt=seed, spread=0.05, curvature=0.0)
        fixed = "adam.lr=0.001 l2.coefficient=0.0001"  # nothing is tuned, so there is no luck in it
        result = run(trainer, "schedule=constant,cosine", work=60_000, seeds=10, recipe=fixed)
        alarms += result.arms[1].verdict in ("better", "worse")
    # Binomial(200, 0.05): more than 19 has probability 0.002, fewer than 2 has 0.0004.
    assert 2 <= alarms <= 19


def test_a_best_lr_at_the_edge_extends_the_range_and_is_found_beyond():
    trainer = SimulatedTrainer(best_lr={"sgd": 30.0}, spread=1e-4)
    result = run(trainer, work=WORK)
    sgd = result.arms[1]
    assert sgd.hyper["sgd.lr"] > sgd.search_space["sgd.lr"]["high"]
    assert sgd.search_space["sgd.lr"]["tried"][1] > sgd.search_space["sgd.lr"]["high"]
    extended = [job for phase, job in trainer.trained if phase.startswith("extend")]
    assert extended and {job.recipe.optimizer for job in extended} == {"sgd"}


def test_an_edge_that_stays_is_said():
    result = run(SimulatedTrainer(best_lr={"sgd": 1e6}, spread=1e-4), work=WORK)
    assert result.arms[1].edge and not result.arms[0].edge
    assert any("lr of sgd is still at the edge" in note for note in result.notes)


def test_diverged_runs_count_as_worst_and_are_never_dropped():
    trainer = SimulatedTrainer(
        {"sgd": 0.9}, fails=lambda job: job.recipe.optimizer == "sgd" and job.seed in (3, 5)
    )
    result = run(trainer, work=WORK, seeds=12)
    sgd = result.arms[1]
    assert sgd.diverged == 2 and len(sgd.scores) == 12
    assert sgd.counted[3] == sgd.counted[5] == 0.0
    assert sgd.mean == pytest.approx(sum(sgd.counted) / 12)
    assert result.to_dict()["arms"][1]["scores"][3] is None
    assert sgd.verdict != "better"


def test_an_lr_that_diverges_is_not_chosen():
    result = run(SimulatedTrainer(best_lr={"adam": 1e-2}, diverge=3e-3), work=WORK)
    assert result.arms[0].hyper["adam.lr"] <= 3e-3


def test_an_arm_that_contains_the_baseline_and_loses_is_under_tuned():
    result = run(SimulatedTrainer({"adam": 0.85, "adamw": 0.8}), "optimizer=adam,adamw", work=WORK)
    assert result.arms[1].verdict == "under-tuned"
    assert "imitate" in result.arms[1].words


def test_a_baseline_that_contains_an_arm_that_beats_it_is_said():
    result = run(SimulatedTrainer({"adam": 0.8, "sgd": 0.85}), work=WORK)
    assert result.arms[1].verdict == "better"
    assert any("the baseline is under-tuned" in note for note in result.notes)


def test_the_same_inside_the_margin():
    result = run(SimulatedTrainer(spread=1e-4), work=WORK)
    assert result.arms[1].verdict == "same"


def test_fewer_than_ten_seeds_stay_undecided():
    result = run(SimulatedTrainer({"sgd": 0.2}), work=WORK, seeds=9)
    assert result.arms[1].verdict == "undecided"
    assert "more would tell" in result.arms[1].words


def test_work_is_deterministic_and_never_exceeded():
    results = [run(SimulatedTrainer(), work=WORK) for _ in range(2)]
    assert comparable(results[0]) == comparable(results[1])
    assert results[0].member_steps <= WORK and results[0].arms[1].verdict == "same"
    # Scores that spread too far for any verdict are repeated until the work, or 200 seeds, are done.
    hard = run(SimulatedTrainer(spread=0.1), work=WORK)
    assert hard.arms[1].verdict == "undecided" and 0.5 * WORK < hard.member_steps <= WORK


@pytest.mark.parametrize("work", [1, 100, 1_000])
def test_tiny_work_says_what_could_not_be_judged(work):
    result = run(SimulatedTrainer(), work=work)
    assert result.member_steps <= work
    assert result.arms[1].verdict == "undecided"
    assert any("undecided" in note or "cannot be judged" in note for note in result.notes)
    json.loads(result.to_json())


def test_resuming_at_every_outcome_equals_the_undisturbed_run():
    options: dict[str, Any] = {"work": 30_000, "best_lr": {"sgd": 1e2}}
    work, best_lr = options["work"], options["best_lr"]
    whole = run(SimulatedTrainer(best_lr=best_lr), work=work)
    assert 30 < whole.networks_trained < 200
    record, deaths = Memory(), 0
    while True:
        trainer = SimulatedTrainer(best_lr=best_lr, die_after=1)
        try:
            resumed = run(trainer, work=work, record=record)
            break
        except Killed:
            deaths += 1
            assert len(trainer.trained) == 1
    assert deaths == whole.networks_trained - 1
    assert comparable(resumed) == comparable(whole)


def test_a_finished_run_is_reported_again_without_training():
    record, again = Memory(), SimulatedTrainer()
    first = run(SimulatedTrainer(), work=WORK, record=record)
    second = run(again, work=WORK, record=record)
    assert not again.trained
    assert first.to_dict() == second.to_dict()


def test_ctrl_c_keeps_and_reports_whole_pairs():
    whole = SimulatedTrainer()
    run(whole, work=WORK)
    tuning = sum(not phase.startswith("evaluate") for phase, _ in whole.trained)
    trainer = SimulatedTrainer(interrupt_after=tuning + 41)
    result = run(trainer, work=WORK)
    assert result.interrupted and result.networks_trained == tuning + 41
    assert 0 < len(result.arms[0].scores) == len(result.arms[1].scores) <= 20
    assert trainer.closed
    assert any("interrupted" in note for note in result.notes)


def test_ctrl_c_while_tuning_reports_that_nothing_was_judged_and_resumes():
    record = Memory()
    result = run(SimulatedTrainer(interrupt_after=5), work=WORK, record=record)
    assert result.interrupted and result.arms[1].verdict == "undecided" and result.arms[1].seeds == ()
    json.loads(result.to_json())
    assert comparable(run(SimulatedTrainer(), work=WORK, record=record)) == comparable(
        run(SimulatedTrainer(), work=WORK)
    )


@pytest.mark.parametrize(
    ("budget", "options"),
    [
        (1.5, {"seconds_per_step": 2e-5}),
        (1.5, {"seconds_per_step": 2e-5, "claimed_rate": 1e7}),  # the measurement promised too much
        (0.5, {"seconds_per_step": 1e-3}),
        (0.2, {"overhead": 0.5}),
    ],
)
def test_a_budget_is_kept_even_when_far_too_small(budget, options):
    started = time.monotonic()
    result = run(SimulatedTrainer(**options), budget=budget, started=started)
    assert time.monotonic() - started <= budget + 1.0
    assert len(result.arms[0].scores) == len(result.arms[1].scores)
    if len(result.arms[0].scores) < 10:
        assert result.arms[1].verdict == "undecided"


def test_start_up_counts_against_the_budget():
    trainer = SimulatedTrainer(seconds_per_step=1e-5)
    result = run(trainer, budget=3600.0, started=time.monotonic() - 3599.5)
    assert result.seconds >= 3599.5
    assert time.monotonic() > 0 and result.arms[1].verdict == "undecided"


def test_a_modest_budget_reaches_ten_seeds_though_the_measurement_is_wrong():
    trainer = SimulatedTrainer(seconds_per_step=3e-6, claimed_rate=5e5)  # 1.5 times too hopeful
    result = run(trainer, budget=3.0)
    assert len(result.arms[0].scores) >= 10
    assert result.arms[1].verdict != "undecided" or len(result.arms[1].scores) >= 10


def test_keys_of_the_json_are_those_promised():
    plain = json.loads(run(SimulatedTrainer(), work=WORK).to_json())
    promised = (
        "task metric higher_is_better judge axis baseline budget_seconds seconds networks_trained "
        "member_steps loop_seconds_estimate alpha margin forecast arms"
    )
    assert set(promised.split()) <= set(plain)
    of_arms = (
        "name hyper search_space seeds scores mean interval difference difference_interval "
        "probability_of_improvement p_corrected train_loss steps time_seconds gap diverged verdict"
    )
    for arm in plain["arms"]:
        assert set(of_arms.split()) <= set(arm)


def test_a_watcher_sees_the_forecast_then_tuning_then_the_standing():
    seen = []
    run(SimulatedTrainer(), work=WORK, watch=seen.append)
    phases = list(dict.fromkeys(one.phase for one in seen))
    assert phases[0] == "forecast" and phases[1].startswith("tune") and phases[-1].startswith("evaluate")
    assert "networks fit" in seen[0].note
    assert [one.networks for one in seen] == sorted(one.networks for one in seen)
    assert seen[-1].arms[0].networks > 10 and seen[-1].steps_per_second > 0


def test_a_folder_holds_the_record_and_another_plan_is_refused(tmp_path):
    options: dict[str, Any] = {"work": 30_000, "out": tmp_path / "run", "trainer": SimulatedTrainer()}
    result = shoal.compare(task(), "optimizer=adam,sgd", **options)
    with Record(tmp_path / "run", write=False) as record:
        assert record.verdict() == result.to_dict()
        assert len(record.outcomes()) == result.networks_trained
    assert shoal.compare(task(), "optimizer=adam,sgd", **options).to_dict() == result.to_dict()
    with pytest.raises(UserError, match="another comparison"):
        shoal.compare(task(), "optimizer=adam,rmsprop", **options)


def test_importing_shoal_does_not_import_torch():
    code = "import sys, shoal; shoal.UserError; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"budget": "3s", "work": 1000}, "not both"),
        ({"work": 0}, "work 0 is no whole number of at least 1"),
        ({"seeds": -2}, "seeds -2 is no whole number"),
        ({"judge": "scores"}, "did you mean 'score'"),
        ({"device": "cuda"}, "asks for CUDA, but this machine has none"),
        ({"device": "abacus"}, "there is no device 'abacus'"),
    ],
)
def test_wrong_options_are_one_sentence(options, sentence):
    if options.get("device") == "cuda":
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("there is CUDA here")
    with pytest.raises(UserError, match=sentence):
        run(SimulatedTrainer(), **options)


def test_when_training_is_slower_than_measured_it_is_shortened_and_tuned_anew():
    trainer = SimulatedTrainer(seconds_per_step=5e-5, claimed_rate=1e5)  # five times too hopeful
    result = run(trainer, budget=2.5)
    phases = {phase for phase, _ in trainer.trained}
    assert "tune-0-4" in phases and "tune-1-4" in phases
    lengths = {phase: job.recipe.epochs for phase, job in trainer.trained}
    assert lengths["tune-1-4"] < lengths["tune-0-4"] and lengths["evaluate-0"] == result.epochs
    seeds = [{job.seed for phase, job in trainer.trained if phase == f"tune-{k}-4"} for k in (0, 1)]
    assert not seeds[0] & seeds[1] and not seeds[0] & set(result.tuning_seeds)
    if "tune-2-4" not in phases:
        assert seeds[1] <= set(result.tuning_seeds)
    assert len(result.arms[0].scores) >= 10


def test_the_finals_decide_what_one_seed_could_not():
    """Trial 3 is lucky on the first tuning seed only; the finals' seeds find that out."""

    class Lucky(SimulatedTrainer):
        def _outcome(self, job):
            outcome = super()._outcome(job)
            if job.name.startswith("tune/") and job.name.endswith("/3/1000000"):
                return outcome._replace(valid_score=1.0)
            return outcome

    lucky = run(Lucky(spread=1e-4, curvature=0.05), work=WORK)
    plain = run(SimulatedTrainer(spread=1e-4, curvature=0.05), work=WORK)
    assert [arm.hyper for arm in lucky.arms] == [arm.hyper for arm in plain.arms]


def test_arms_whose_tuning_was_cut_off_are_not_judged(monkeypatch):
    monkeypatch.setattr("shoal.experiments.run.tune", lambda *_: Tuned({}, {}))
    result = run(SimulatedTrainer({"sgd": 0.2}), work=WORK)
    assert len(result.arms[1].scores) >= 10 and result.arms[1].verdict == "undecided"
    assert "could not be tuned" in result.arms[1].words


def test_a_phase_that_its_deadline_cut_off_stays_as_it_was_when_the_run_is_repeated():
    record, again = Memory(), SimulatedTrainer()
    first = run(SimulatedTrainer(seconds_per_step=1e-3), budget=0.8, record=record)
    second = run(again, budget=0.8, record=record)
    assert first.networks_trained > 0 and not again.trained
    assert comparable(first) == comparable(second)


class Racing(SimulatedTrainer):
    """Its members' validation scores rise with the fifth root of their steps."""

    def _outcome(self, job):
        one = super()._outcome(job)
        shares = [(point + 1) / job.points for point in range(job.points)]
        curve = [
            [round(one.steps * k), 1.0, one.valid_score * k**0.2, one.steps * k, one.seconds * k]
            for k in shares
        ]
        return one._replace(details={"curve": curve})


def test_how_soon_a_score_is_reached_can_be_judged():
    soon = run(Racing({"sgd": 0.85}), work=WORK, judge="steps", reach=0.75)
    assert soon.arms[1].verdict == "better" and soon.arms[1].mean < 0.8 * soon.arms[0].mean
    once = run(Racing({"sgd": 0.85}), work=WORK, judge="steps", reach=0.82)
    adam, sgd = once.arms
    assert adam.mean == adam.counted[0] == float("inf") and sgd.mean < sgd.steps
    assert sgd.verdict == "better" and once.to_dict()["arms"][0]["mean"] is None


def test_a_score_that_nobody_reaches_is_no_better_for_anyone():
    result = run(Racing({"sgd": 0.85}), work=WORK, judge="time", reach=0.99)
    assert {arm.verdict for arm in result.arms[1:]} <= {"same", "undecided"}


def test_the_number_of_trials_can_be_fixed():
    trainer = SimulatedTrainer()
    result = run(trainer, work=WORK, trials=6)
    tried = {(job.recipe.optimizer, job.name.split("/")[2]) for phase, job in trainer.trained
             if phase.startswith("tune-0") and not phase.endswith("finals")}  # fmt: skip
    assert result.trials == 6 and len(tried) == 12


def test_a_regularizer_that_is_compared_is_tuned_for_its_arm_alone():
    trainer = SimulatedTrainer()
    result = run(trainer, "regularizer=none,dropout", work=WORK)
    rates = {arm: {job.recipe.hyper.get("dropout.rate") for _, job in trainer.trained
                   if job.name.split("/")[1] == arm} for arm in ("none", "dropout")}  # fmt: skip
    assert rates["none"] == {None} and len(rates["dropout"]) > 8 and None not in rates["dropout"]
    assert set(result.arms[1].search_space) == {"adam.lr", "l2.coefficient", "dropout.rate"}


def test_both_rates_of_a_switch_are_tuned():
    trainer = SimulatedTrainer()
    run(trainer, "optimizer=adam,sgd>adam@0.3", work=WORK)
    switched = [job.recipe.hyper for _, job in trainer.trained if ">" in job.recipe.optimizer]
    assert len({one["sgd.lr"] for one in switched}) > 8 and len({one["adam.lr"] for one in switched}) > 8


def test_the_first_rate_of_a_switch_is_extended_beyond_its_edge():
    class FastStart(SimulatedTrainer):
        def _outcome(self, job):
            one, lr = super()._outcome(job), job.recipe.hyper.get("sgd.lr")
            bonus = 0.0 if lr is None or ">" not in job.recipe.optimizer else 0.03 * math.log10(lr)
            return one._replace(valid_score=one.valid_score + bonus, test_score=one.test_score + bonus)

    arm = run(FastStart(spread=1e-4), "optimizer=adam,sgd>adam@0.3", work=WORK).arms[1]
    assert arm.hyper["sgd.lr"] > arm.search_space["sgd.lr"]["high"] and arm.edge


def test_crossed_axes_are_judged_against_the_recipes_own_combination():
    trainer = SimulatedTrainer({"sgd": 0.7})
    result = run(trainer, ["optimizer=adam,sgd", "width=32,64"], work=4 * WORK)
    words = {arm.name: arm.verdict for arm in result.arms}
    assert words == {
        "adam · width 32": "same", "adam · width 64": "baseline",
        "sgd · width 32": "worse", "sgd · width 64": "worse",
    }  # fmt: skip


def test_epochs_can_be_compared():
    trainer = SimulatedTrainer()
    result = run(trainer, "epochs=4,8", work=WORK, defaults=False)
    assert {(job.name.split("/")[1], job.recipe.epochs) for _, job in trainer.trained} == {
        ("4", 4.0),
        ("8", 8.0),
    }
    assert result.epochs == 8.0 and not any("shortens" in note for note in result.notes)


@pytest.mark.parametrize(
    ("vary", "recipe", "warned"),
    [
        ("batch_size=32,64", None, False),
        ("batch_size=32,64", "lr=0.01", True),
        (["batch_size=32,64", "width=16,32"], "lr=0.01", True),
        (["batch_size=32,64", "lr=0.01,0.1"], None, True),
        ("width=16,32", "lr=0.01", False),
    ],
)
def test_batch_sizes_at_one_lr_are_warned_of(vary, recipe, warned):
    found = run(SimulatedTrainer(), vary, recipe=recipe, work=WORK).notes
    assert any("batch sizes are compared at a fixed lr" in note for note in found) == warned
