"""A plain text as a task: every character judged once, none in two parts, wrong files in a sentence."""

from pathlib import Path

import numpy as np
import pytest
import torch

from shoal.errors import UserError
from shoal.tasks.language import from_text_file, judged
from shoal.tasks.load import load
from shoal.tasks.task import with_metric

LENGTH = 6


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A text whose every character tells its place: no two windows are alike."""
    made = tmp_path / "text.txt"
    made.write_text("".join(chr(0x4E00 + place) for place in range(900)), encoding="utf-8")
    return made


def targets(task, part: str, seed: int) -> list[int]:
    """The places in the text of all that a part predicts, which in this text are numbers of characters."""
    prepared = task.prepare(seed)
    rows = getattr(prepared, part)
    y = prepared.y[rows]
    return (y[y >= 0] - 2).tolist()


def test_windows_predict_every_character_of_the_rest_in_one_part(file):
    task = from_text_file(file, LENGTH)
    for seed in (0, 1):
        train, valid = (targets(task, part, seed) for part in ("train", "valid"))
        assert len({*train, *valid}) == len(train) + len(valid)
        assert sorted([*train, *valid]) == list(range(1, len(train) + len(valid) + 1))
        assert len(train) == task.train_rows * LENGTH
        assert 810 - LENGTH <= len(train) + len(valid) + 1 <= 810
    assert len({tuple(targets(task, "valid", seed)) for seed in range(5)}) > 1


def test_a_windows_target_is_the_character_that_follows(file):
    task = from_text_file(file, LENGTH)
    prepared = task.prepare(0)
    rest = torch.cat([prepared.train, prepared.valid])
    x, y = prepared.x[rest].long(), prepared.y[rest]
    assert torch.equal((x + 1)[y >= 0], y[y >= 0])
    assert torch.equal(x[:, 1:], x[:, :-1] + 1)
    assert x.min() == 2
    other = task.prepare(1)
    assert prepared.x is other.x and prepared.y is other.y and torch.equal(prepared.test, other.test)


@pytest.mark.parametrize("length", [2, 5, 6, 7])
@pytest.mark.parametrize("last", [7, 12, 40, 41, 43])
def test_judged_places_are_all_characters_once_with_half_a_window_before_them(length, last):
    starts, counts = judged(0, last, length)
    rows, places = np.nonzero(counts)
    assert sorted(starts[rows] + places + 1) == list(range(1, last + 1))
    assert (places[rows > 0] >= (length - 1) // 2).all()
    assert starts.min() >= 0 and starts.max() + length == last


def test_the_test_part_is_the_last_tenth_and_what_the_rest_has_not_is_one_symbol(tmp_path):
    made = tmp_path / "letters.txt"
    made.write_text("ab\n" * 300 + "a" * 99 + "é", encoding="utf-8")
    task = from_text_file(made, LENGTH)
    prepared = task.prepare(0)
    y = prepared.y[prepared.test]
    assert (task.outputs, task.vocabulary, task.features, task.inputs) == (5, 5, (LENGTH,), "text")
    assert y[y >= 0].tolist() == [3] * 98 + [
        1
    ]  # \n, a, b are 2, 3, 4; the first character has nothing before it
    assert any("1 characters of the test part" in note for note in task.notes)


def test_a_path_loads_it_and_its_metrics_are_its_own(file):
    task = load(str(file), length=9)
    assert (task.features, task.kind, task.metric, task.higher_is_better) == (
        (9,), "language", "bits_per_character", False,
    )  # fmt: skip
    assert with_metric(task, "character_accuracy").higher_is_better
    with pytest.raises(UserError, match="choose among bits_per_character, character_accuracy"):
        with_metric(task, "accuracy")
    assert load(str(file), length=8).fingerprint != task.fingerprint


@pytest.mark.parametrize(("content", "length", "says"), [
    (b"too short", None, "text.txt has 9 characters, too few .* windows of 64: give at least 780"),
    (b"", None, "text.txt is empty"),
    (b"caf\xe9" * 300, None, "text.txt is not UTF-8 text .byte 0xe9 at position 3."),
    (b"a\0" * 900, None, "text.txt holds characters of number 0"),
    (b"ab" * 900, 1, "length 1 is no whole number of characters from 2 to 4,096"),
    (None, None, "text.txt cannot be read: No such file"),
])  # fmt: skip
def test_wrong_texts_are_told_in_a_sentence(tmp_path, content, length, says):
    made = tmp_path / "text.txt"
    if content is not None:
        made.write_bytes(content)
    with pytest.raises(UserError, match=says):
        from_text_file(made, length)
