"""A table with a column of text becomes a task of tokens: found or named, split as asked, stored, refused."""

import json
import pickle

import numpy as np
import polars as pl
import pytest
import torch

from shoal.errors import UserError
from shoal.tasks import table_inputs
from shoal.tasks.preprocessing import encode, from_description, preprocessing
from shoal.tasks.tables import from_table

ROWS = 160
GOOD, BAD, PLAIN = (
    ["lovely", "fresh", "fun"],
    ["dull", "stale", "slow"],
    ["the", "film", "was", "seen", "by", "me", "there"],
)


def frame(seed=0, rows=ROWS):
    """review: ten words, two of which tell the label; rating leaks it; title has two words."""
    random = np.random.RandomState(seed)
    label = random.randint(0, 2, rows)
    words = [
        [*random.choice(GOOD if one else BAD, 2), *random.choice(PLAIN, 8), f"only{seed}x{place}"]
        for place, one in enumerate(label)
    ]
    return pl.DataFrame(
        {
            "review": [" ".join(random.permutation(one)) for one in words],
            "label": label,
            "rating": label * 5 + random.randint(1, 5, rows),
            "title": [f"{random.choice(GOOD)} {place}" for place in range(rows)],
            "reader": [f"r{place % 20}" for place in range(rows)],
            "day": [f"2024-{place % 12 + 1:02}-{place % 28 + 1:02}" for place in range(rows)],
        }
    )


def test_sentences_are_found_and_everything_else_is_left_out_and_told(tmp_path):
    frame().write_csv(tmp_path / "reviews.csv")
    frame().write_parquet(tmp_path / "reviews.parquet")
    task = from_table(tmp_path / "reviews.csv", "label")
    assert (task.inputs, task.features, task.kind, task.outputs) == ("tokens", (11,), "classification", 2)
    assert task.vocabulary == 2 + len(GOOD + BAD + PLAIN)
    assert (
        "left out, as a network that reads the text of 'review' reads nothing else: 'rating', 'title', "
        "'reader', 'day' (--ignore review learns from these instead)"
    ) in task.notes
    data = task.prepare(3)
    assert (
        data.x.dtype == torch.float32
        and data.x.max() < task.vocabulary
        and len(data.train) == task.train_rows
    )
    names = task.prepare.fitted(3).names
    for row in (0, 77):
        told = [names[int(number) - 2] if number > 1 else "only" for number in data.x[row]]
        assert told == [
            "only" if word.startswith("only") else word for word in frame()["review"][row].split()
        ]
    for other in (tmp_path / "reviews.parquet", frame()):
        again = from_table(other, "label")
        assert torch.equal(again.prepare(3).x, data.x) and again.fingerprint == task.fingerprint
    assert from_table(frame(), "label", length=7).fingerprint != task.fingerprint
    assert torch.equal(pickle.loads(pickle.dumps(task)).prepare(3).x, data.x)
    without = from_table(frame(), "label", ignore=["review"])
    assert without.vocabulary == 0 and without.inputs == "numbers"


def test_words_of_validation_and_test_rows_are_unknown():
    """They stand twice in their rows, and nowhere else."""
    before = from_table(frame(), "label")
    first = before.prepare(0)
    for part in (first.valid, first.test):
        changed = frame()["review"].to_list()
        for row in part[:2].tolist():
            changed[row] = f"surprise surprise {changed[row]}"
        task = from_table(frame().with_columns(review=pl.Series(changed)), "label")
        assert torch.equal(task.prepare(0).train, first.train)
        assert "surprise" not in task.prepare.fitted(0).names
        if part is first.test:  # of them not even sizes are taken
            assert (task.vocabulary, task.features) == (before.vocabulary, before.features)
        assert torch.equal(task.prepare(0).x[first.train, :11], first.x[first.train])
    assert from_table(frame(), "label").vocabulary == from_table(frame(), "label", valid_share=0.4).vocabulary


def test_columns_that_are_named_are_read_and_joined():
    task = from_table(frame(), "label", text=["title"])
    assert task.features == (2,) and "'review'" in task.notes[-1] and "--ignore title" in task.notes[-1]
    both = from_table(frame(), "label", text=["title", "review"])
    assert both.features == (14,)  # two words, the separator, eleven words
    separator = 2 + both.prepare.fitted(0).names.index("\x1e")
    assert (both.prepare(0).x == separator).sum(1).eq(1).all() and (
        both.prepare(0).x[:, 2] == separator
    ).all()
    shortened = from_table(frame(), "label", length=5)
    assert shortened.features == (5,) and torch.equal(
        shortened.prepare(0).x.bool(), torch.ones(ROWS, 5, dtype=torch.bool)
    )
    assert (
        f"cut to the first 5 words and signs (--length changes it): {ROWS} of {ROWS} texts" in shortened.notes
    )


def test_names_addresses_and_answers_are_no_text():
    random = np.random.RandomState(0)
    answers = ["I agree with this one very much indeed", "I do not agree with this one at all"]
    table = pl.DataFrame(
        {
            "name": [f"Smith{place}, Mr. John ({place} Lane)" for place in range(ROWS)],
            "answer": random.choice(answers, ROWS),
            "pixels": [" ".join(map(str, random.randint(0, 255, 20))) for _ in range(ROWS)],
            "size": random.normal(0, 1, ROWS),
            "label": random.randint(0, 2, ROWS),
        }
    )
    assert from_table(table, "label").vocabulary == 0
    japanese = table.with_columns(
        text=pl.Series(["".join(random.choice(list("日本語文字列読書"), 9)) for _ in range(ROWS)])
    )
    assert from_table(japanese, "label").vocabulary == 2 + 8


def test_groups_times_test_parts_and_numbers_as_targets_work_as_for_tables(tmp_path):
    readers = frame()["reader"].to_numpy()
    grouped = from_table(frame(), "label", group="reader")
    data = grouped.prepare(1)
    sides = [set(readers[part]) for part in (data.train, data.valid, data.test)]
    assert sum(map(len, sides)) == len(set.union(*sides)) and grouped.vocabulary
    late = from_table(frame(), "label", time="day")
    days, data = frame()["day"].to_numpy(), late.prepare(0)
    assert (
        late.vocabulary and days[data.train].max() <= days[data.test].min() and "'day'" not in late.notes[-1]
    )
    official = from_table(frame(), "label", test=frame(9, 40))
    assert official.prepare(0).test.tolist() == list(range(ROWS, ROWS + 40))
    number = from_table(
        frame().with_columns(stars=pl.Series(np.arange(ROWS) / 7)), "stars", ignore=["rating"]
    )
    assert (number.kind, number.metric, number.outputs, number.inputs) == ("regression", "rmse", 1, "tokens")
    rare = from_table(frame().with_columns(label=pl.Series(np.arange(ROWS) % 20 == 0)), "label")
    assert rare.metric == "auroc" and rare.vocabulary


def test_new_rows_are_encoded_as_in_training_and_what_is_strange_is_told(tmp_path):
    task = from_table(frame(), "label")
    plain = preprocessing(task, 4).describe()
    arrays = plain.pop("arrays")
    again = from_description({**json.loads(json.dumps(plain)), "arrays": arrays})
    assert torch.equal(again(frame().select("day", "review")).x, task.prepare(4).x)
    assert encode(task, frame(), 4).notes == ()
    assert torch.equal(encode(task, frame()["review"].to_list(), 4).x, task.prepare(4).x)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.txt").write_text(frame()["review"][1])
    (tmp_path / "a.txt").write_text(frame()["review"][0])
    made = encode(task, tmp_path, 4)
    assert torch.equal(made.x, task.prepare(4).x[:2]) and preprocessing(task, 4).files(tmp_path) == (
        "a.txt",
        "b/2.txt",
    )
    assert encode(task, ["", "the film " * 9], 4).notes == (
        "texts cut to their first 11 words and signs, as in training: 1",
        "texts without a word that is known from training: 1",
    )
    with pytest.raises(
        UserError, match="'review' was learned from and is needed: there is no column in the frame"
    ):
        encode(task, frame().drop("review"), 4)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty holds no \.txt file"):
        encode(task, tmp_path / "empty", 4)
    two = from_table(frame(), "label", text=["title", "review"])
    with pytest.raises(UserError, match="learned from 'title', 'review'; give a table with these columns"):
        encode(two, tmp_path, 4)


def test_empty_texts_and_tags_are_kept_and_told():
    changed = ["" if row % 40 == 0 else f"<p>{text}" for row, text in enumerate(frame()["review"])]
    task = from_table(frame().with_columns(review=pl.Series(changed)), "label")
    assert f"without any word or sign, kept as one unknown word: 4 of {ROWS} texts" in task.notes
    assert f"with tags of HTML, which count as spaces: {ROWS - 4} of {ROWS} texts" in task.notes
    assert task.prepare(0).x[40].tolist() == [1.0] + [0.0] * 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": ["revue"]}, "there is no column of text 'revue'; did you mean 'review'"),
        ({"text": ["label"]}, "there is no column of text 'label'"),
        ({"text": ["review"], "ignore": ["review"]}, "there is no column of text 'review'"),
        ({"length": 0}, "length 0 is no number of tokens that texts can be cut to; give one from 1 to 4,096"),
        ({"length": -3}, "length -3 is no number of tokens"),
        ({"length": 4097}, "length 4097 is no number of tokens"),
        ({"length": 2.5}, "length 2.5 is no number of tokens"),
        (
            {"length": 9, "ignore": ["review"]},
            "length 9 is for text, but no column's cells are like sentences",
        ),
        ({"text": ["title"], "time": "title"}, "there is no column of text 'title'"),
    ],
)
def test_wrong_options_are_told_in_one_sentence(options, said):
    with pytest.raises(UserError, match=said):
        from_table(frame(), "label", **options)


def test_texts_without_a_common_word_and_too_many_numbers_are_refused(monkeypatch):
    random = np.random.RandomState(0)
    alone = [" ".join(f"{random.randint(1 << 60)}q" for _ in range(3)) for _ in range(40)]
    table = pl.DataFrame({"code": alone, "label": np.arange(40) % 2})
    with pytest.raises(UserError, match="no word of 'code' stands twice, so there is nothing to learn from"):
        from_table(table, "label", text=["code"])
    monkeypatch.setattr(table_inputs, "MOST_NUMBERS", 1000)
    with pytest.raises(UserError, match="160 texts of 11 tokens are more than 1,000 numbers; give a smaller"):
        from_table(frame(), "label")
