"""A folder for each class of text files, plain or as in the archive of IMDB's reviews, and what is wrong."""

import numpy as np
import polars as pl
import pytest
import torch

from shoal.errors import UserError
from shoal.tasks import text_files
from shoal.tasks.load import load
from shoal.tasks.tables import from_table
from shoal.tasks.text_files import is_text_folder

ROWS = 40


def write(folder, rows=ROWS, seed=0):
    """Half of the files in ``neg`` and half in ``pos``; their texts in the order of the classes and names."""
    texts = []
    for name, words in (("neg", "dull stale slow"), ("pos", "lovely fresh fun")):
        (folder / name).mkdir(parents=True)
        for row in range(rows // 2):
            text = " ".join(np.random.RandomState(seed + row).choice(f"{words} the a film".split(), 6))
            (folder / name / f"{row:03}_{row % 7}.txt").write_text(text)
            texts.append(text)
    return texts


def test_files_make_the_task_that_their_table_makes(tmp_path):
    texts = write(tmp_path / "reviews")
    task = load(str(tmp_path / "reviews"))
    assert (task.name, task.kind, task.inputs, task.outputs) == ("reviews", "classification", "tokens", 2)
    table = pl.DataFrame({"text": texts, "class": ["neg"] * (ROWS // 2) + ["pos"] * (ROWS // 2)})
    same = from_table(table, "class", text=["text"])
    for seed in (0, 1):
        for one, other in zip(task.prepare(seed), same.prepare(seed), strict=True):
            assert torch.equal(torch.as_tensor(one), torch.as_tensor(other))
    assert task.prepare.classes == ("neg", "pos") and task.notes[1:] == same.notes[1:]


def test_the_archive_has_a_test_part_and_things_that_are_left_out(tmp_path):
    write(tmp_path / "train")
    write(tmp_path / "test", 20, seed=500)
    (tmp_path / "train" / "unsup").mkdir()
    (tmp_path / "train" / "unsup" / "0_0.txt").write_text("nobody knows")
    for name in ("README", "imdb.vocab", "train/urls_pos.txt", "train/pos/scores.csv"):
        (tmp_path / name).write_text("the a the a")
    task = load(tmp_path)
    assert task.prepare(0).test.tolist() == list(range(ROWS, ROWS + 20)) and task.outputs == 2
    strange = (
        "left out, folders and files that test lacks or that are no .txt files in the folder of a class: 5"
    )
    assert strange in task.notes and not any(str(tmp_path) in note for note in task.notes)
    (tmp_path / "train" / "unsup").rename(tmp_path / "unsup")
    apart = load(tmp_path / "train", test=tmp_path / "test")
    assert torch.equal(apart.prepare(2).x, task.prepare(2).x)


def test_files_of_one_person_stay_on_one_side(tmp_path):
    write(tmp_path / "reviews", 84)
    task = load(tmp_path / "reviews", group=r"_(\d)")
    data, person = task.prepare(0), np.array([row % 7 for row in range(42)] * 2)
    sides = [set(person[part]) for part in (data.train, data.valid, data.test)]
    assert sum(map(len, sides)) == 7 == len(set.union(*sides))
    with pytest.raises(
        UserError, match=r"group '_\[89\]' finds nothing in the name of .*000_0.txt; widen it"
    ):
        load(tmp_path / "reviews", group="_[89]")
    with pytest.raises(UserError, match=r"group '\(' is no regular expression"):
        load(tmp_path / "reviews", group="(")


def test_what_a_folder_holds_is_told_by_its_endings(tmp_path):
    write(tmp_path / "texts")
    for name in ("a", "b"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        (tmp_path / "pictures" / name / "README.txt").write_text("x")
        for row in range(3):
            (tmp_path / "pictures" / name / f"{row}.png").write_bytes(b"x")
    assert is_text_folder(tmp_path / "texts") and not is_text_folder(tmp_path / "pictures")
    assert not is_text_folder(tmp_path / "texts" / "neg" / "000_0.txt") and not is_text_folder(
        tmp_path / "no"
    )


def fill(folder, change):
    write(folder)
    change(folder)
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda one: (one / "new").mkdir(),
            "new is the folder of a class and holds no .txt file; fill or remove",
        ),
        (
            lambda one: (one / "pos" / "003_3.txt").write_bytes("gut g\xfcnstig".encode("latin1")),
            r"003_3.txt is not UTF-8 text \(byte 0xfc at position 5\); convert it, for example with iconv",
        ),
        (
            lambda one: [file.unlink() for file in (one / "pos").iterdir()] and (one / "pos").rmdir(),
            "holds the folder of one class, 'neg'; two classes are needed, each a folder of .txt files",
        ),
        (
            lambda one: (one / "neg" / "000_0.txt").write_text("x" * 300),
            "000_0.txt has 300 bytes; texts of at most",
        ),
    ],
)
def test_wrong_folders_are_told_with_the_file(change, said, tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "MOST_BYTES", 256)
    with pytest.raises(UserError, match=said):
        load(fill(tmp_path / "reviews", change))


def test_bounds_options_and_classes_of_the_test_part_alone(tmp_path, monkeypatch):
    write(tmp_path / "reviews")
    write(tmp_path / "test")
    (tmp_path / "test" / "neg").rename(tmp_path / "test" / "new")
    with pytest.raises(UserError, match=r"class 'new' is in the test part of .*reviews only"):
        load(tmp_path / "reviews", test=tmp_path / "test")
    with pytest.raises(UserError, match=r"there is no folder .*nowhere"):
        load(tmp_path / "reviews", test=tmp_path / "nowhere")
    with pytest.raises(UserError, match="is no table, so it takes no target; it takes test, group, length"):
        load(tmp_path / "reviews", "class")
    with pytest.raises(UserError, match="reviews: length 0 is no number of tokens"):
        load(tmp_path / "reviews", length=0)
    monkeypatch.setattr(text_files, "MOST_BYTES_TOGETHER", 500)
    with pytest.raises(
        UserError, match="bytes together; at most 500 are read, so give fewer or shorter ones"
    ):
        load(tmp_path / "reviews")
