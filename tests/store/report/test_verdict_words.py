"""The verdict in words: what helped, by how much, how sure, at what cost, and what could not be told."""

from shoal.store.record import Record
from shoal.store.report.gather import gather
from shoal.store.report.verdict_words import verdict_words
from shoal.store.report.warnings import notes, warnings

from . import made


def told(folder, *arms, **changes):
    made.write(folder, made.result(*arms, **changes), [])
    with Record(folder, write=False) as record:
        report = gather(record)
    return " ".join(verdict_words(report)).replace("\u00a0", " "), report


def test_what_helps_is_said_with_size_interval_and_cost(tmp_path):
    words, _ = told(tmp_path, made.baseline(), made.arm("lion", 0.97, time_seconds=0.4))
    assert words == (
        "lion helps: its test accuracy is 0.0200 higher than that of adam, 0.9700 against 0.9500. "
        "The interval of the difference is +0.0170 to +0.0230 over 10 seeds. One training with it beats one "
        "without with a probability of 90 %; a training takes 2 times the time, 400 ms instead of 200 ms."
    )


def test_of_an_error_less_helps(tmp_path):
    arm = made.arm("lion", 1.5, 2.0, difference_interval=[-0.6, -0.4], time_seconds=0.2)
    base = made.baseline(mean=2.0)
    words, _ = told(tmp_path, base, arm, metric="rmse", higher_is_better=False)
    assert "lion helps: its test rmse is 0.50 lower than that of adam, 1.50 against 2.00." in words
    assert "it costs the same, 200 ms a training" in words


def test_where_nothing_helps_that_is_the_answer(tmp_path):
    same = made.arm("lion", 0.951, verdict="same")
    words, _ = told(tmp_path / "same", made.baseline(), same)
    assert words.startswith("Nothing of what was tried makes a difference: lion is the same as adam")
    open_ = made.arm("sgd", 0.94, verdict="undecided", more_seeds=37)
    worse = made.arm("sparse", 0.9, verdict="worse")
    under = made.arm("momentum", 0.92, verdict="under-tuned")
    words, report = told(tmp_path / "mixed", made.baseline(), same, open_, worse, under)
    assert words == (
        "Nothing was shown to be better than adam (test accuracy 0.9500). Worse: sparse. Under-tuned, so not "
        "judged: momentum. The same within the margin of 0.01: lion. Undecided: sgd."
    )
    assert warnings(report) == (
        "momentum can do exactly what adam does and yet lost to it: it was not tuned enough, and nothing is "
        "said against it.",
        "sgd: undecided after 10 evaluation seeds; about 37 more would tell.",
    )


def test_one_seed_is_not_said_to_need_more_tuning(tmp_path):
    _, report = told(tmp_path, made.baseline(), made.arm("sgd", verdict="undecided", seeds=[0]))
    assert warnings(report) == ("sgd: undecided after one evaluation seed, which tells nothing of chance.",)


def test_nothing_judged_is_said(tmp_path):
    nothing = {"mean": None, "seeds": [], "verdict": "undecided", "difference": None}
    words, report = told(
        tmp_path, {**made.baseline(), **nothing, "verdict": "baseline"}, {**made.arm("sgd"), **nothing}
    )
    assert words.startswith("Nothing could be judged")
    assert "sgd: not judged, too few networks were finished." in warnings(report)


def test_diverged_runs_and_edges_are_warned_of_once(tmp_path):
    bad = made.arm("sgd", 0.9, diverged=3, edge=True)
    said = ["the best lr of sgd is still at the edge of what was tried", "the budget shortens training"]
    _, report = told(tmp_path, made.baseline(), bad, notes=said)
    assert warnings(report) == (
        "sgd: 3 of 10 runs diverged; they count as the worst score.",
        "sgd: the best sgd.lr is still at the edge of what was tried (1e-05 to 0.1); a better one may lie "
        "beyond.",
    )
    assert notes(report) == ("the budget shortens training",)


def test_of_many_arms_the_first_have_a_sentence_each(tmp_path):
    many = [made.arm(f"arm {n}", 0.94, verdict="undecided") for n in range(9)]
    _, report = told(tmp_path, made.baseline(), *many)
    assert warnings(report)[6:] == ("Undecided, too: arm 6, arm 7, arm 8.",)
