"""The page: self-contained, escaped, small and fast, with its data beside every plot."""

import base64
import csv
import hashlib
import html
import io
import math
import re
import time
from urllib.parse import unquote

import pytest

from shoal.store.record import Record
from shoal.store.report.write import NAME, text_of, write

from . import made

EVIL = "<script>alert(1)"  # without a slash, which would make it a path to be shortened


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return text_of(made.random_run(tmp_path_factory.mktemp("run"), arms=6, seeds=4, trials=6))


def test_a_thousand_members_are_under_two_seconds_and_three_megabytes(tmp_path):
    folder = made.random_run(tmp_path, arms=100, seeds=10, trials=30, points=20)
    started = time.process_time()
    size = len(text_of(folder).encode())
    assert time.process_time() - started < 2
    assert size < 3_000_000


def test_nothing_is_loaded_from_anywhere(text):
    assert not re.search(r"""\b(?:src|srcset|action|poster|background)\s*=""", text)
    assert not re.search(r"url\(|@import|http:|https:|//[a-z]", text.replace("http-equiv", ""))
    assert set(re.findall(r'href="([a-z]+):', text)) == {"data"}
    assert not re.search(r"\sstyle=|\son[a-z]+=", text), "the policy would not let them work"


def test_its_policy_allows_its_own_style_and_script_alone(text):
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])
    for kind in ("style", "script"):
        (inner,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")


def test_names_notes_and_plans_are_text_and_nothing_else(tmp_path):
    arms = [made.baseline(EVIL), made.arm(f'"{EVIL}', words=EVIL, axis=EVIL)]
    candidates = [{"axis": EVIL, "arm": EVIL, "score": 0.9, "seeds": 1, "trials": 4}]
    effect = {
        "axis": EVIL, "value": EVIL, "mean": 0.9, "difference": 0.01, "difference_interval": [None, 0.02],
        "probability_of_improvement": 0.6, "p_corrected": 0.5, "verdict": "better", "words": EVIL,
    }  # fmt: skip
    found = made.result(
        *arms, task=EVIL, metric=EVIL, axis=EVIL, notes=[EVIL], change=[EVIL], plan_hash=EVIL,
        candidates=candidates, effects=[effect], interactions=[{"real": True, "words": EVIL}],
        outsiders=[{"name": EVIL, "scores": {"0": 0.9}, "seconds": 1.0}],
    )  # fmt: skip
    outcomes = [made.trial(EVIL, 0, 0.1, 0.9), made.judged(EVIL, 0, [[1, 0.1, 0.9, 1.0, 0.1]])]
    machine = {**made.MACHINE, "processor": EVIL}
    text = text_of(made.write(tmp_path, found, outcomes, plan=f"task = '{EVIL}'\n", machine=machine))
    assert "alert(1)" in text
    assert text.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in text


def downloads(text):
    return {
        name: list(csv.DictReader(io.StringIO(unquote(html.unescape(link).partition(",")[2]))))
        for name, link in re.findall(r'download="([^"]*)" href="([^"]*)"', text)
    }


def test_every_plot_has_its_sentence_its_table_and_its_csv(text):
    found = downloads(text)
    assert list(found) == [
        "table.csv", "differences.csv", "curves-score.csv", "curves-loss.csv", "sensitivity.csv",
        "cost-seconds.csv",
    ]  # fmt: skip
    plots = re.findall(r'<svg class="plot[^>]*role="img" aria-label="[^"]+\."', text)
    assert len(plots) == 4 + 6  # small multiples: one for each arm
    assert text.count("<caption") == text.count("<table")
    assert len(found["curves-score.csv"]) == 6 * 10
    assert found["table.csv"][0].keys() >= {"arm", "verdict", "difference", "seconds", "memory_bytes"}
    diverged = [row for row in found["sensitivity.csv"] if row["diverged"] == "true"]
    assert len(diverged) == 6 and all(row["valid_accuracy"] == "" for row in diverged)
    assert sum(row["chosen"] == "true" for row in found["sensitivity.csv"]) == 6


def test_no_number_is_no_trouble(tmp_path):
    """Arms without anything: the JSON of a result has null for NaN and for infinities."""
    numbers = ("mean", "difference", "probability_of_improvement", "p_corrected", "steps", "evaluations")
    nothing = dict.fromkeys((*numbers, "time_seconds", "memory_bytes"))
    empty = {"interval": [None, None], "difference_interval": [None, None], "verdict": "undecided"}
    arms = [made.baseline() | nothing, made.arm("sgd", search_space={}, seeds=[]) | nothing | empty]
    text = text_of(made.write(tmp_path, made.result(*arms, seconds=None), []))
    assert not re.search(
        r"\b(nan|inf|None)\b", re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    )
    assert "Nothing could be judged" in text


def test_infinite_ends_are_arrows_inside_the_picture(tmp_path):
    wide = made.arm("sgd", difference_interval=[None, None], interval=[None, None], verdict="undecided")
    text = text_of(made.write(tmp_path, made.result(made.baseline(), wide), []))
    assert "inf" not in "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert "± ?" in text


def test_what_a_run_has_beside_its_arms_is_shown(tmp_path):
    winner = {
        "arm": "lion", "seed": 3, "score": 0.97, "folder": "x/artifact", "words": "",
        "measured": {
            "parameters": 8970, "bytes": 35880, "metrics": {"accuracy": 0.97, "auroc": 0.99},
            "diagnosis": {"classes": ["SECRET CLASS"]},
        },
    }  # fmt: skip
    found = made.result(made.baseline(), made.arm("lion"), winner=winner, change=["optimizer = Lion()"])
    text = text_of(made.write(tmp_path, found, []))
    for words in (
        "optimizer = Lion()",
        "8,970",
        "36 kB",
        "0.99",
        "Some CPU",
        "2.13.0",
        "shoal compare --plan",
    ):
        assert words in text
    assert "SECRET" not in text


def test_it_is_written_whole_beside_the_record(tmp_path):
    folder = made.random_run(tmp_path, arms=2, seeds=2, trials=2)
    with Record(folder) as record:
        assert write(record) == folder / NAME
    assert (folder / NAME).read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [one.name for one in folder.iterdir() if one.name.startswith(".")] == []


def luminance(color: str) -> float:
    """WCAG 2.2's relative luminance of #rrggbb."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "print"])
def test_texts_and_lines_have_contrast_enough(text, theme):
    """AA: 4.5 for text, 3 for what a plot draws."""
    blocks = [
        dict(re.findall(r"--([\w-]+): (#\w{6})", block))
        for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    ]
    colors = {**blocks[0], **blocks[theme]}
    texts = [
        ("ink", "paper"),
        ("quiet", "paper"),
        ("ink", "panel"),
        ("quiet", "panel"),
        ("accent", "paper"),
        ("open", "paper"),
    ]
    texts += [(name, f"{name}-soft") for name in ("good", "bad", "even", "open", "odd")]
    for name, ground in texts:
        assert contrast(colors[name], colors[ground]) >= 4.5, (name, ground)
    drawn = [*(f"c{number}" for number in range(8)), "good", "bad", "even", "open", "odd", "mark"]
    for name in drawn:
        assert contrast(colors[name], colors["paper"]) >= 3, name
    assert math.isclose(contrast("#000000", "#ffffff"), 21)
