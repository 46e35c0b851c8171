"""Values and paths of the user's data stay out; counts and column names stay in."""

import pytest

from shoal.store.report.privacy import Shortener, basename, data_note, shown_plan


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        (
            "no finite numbers and therefore missing: 3 cells of column 'age', like '#SECRET'",
            "no finite numbers and therefore missing: 3 cells of column 'age'",
        ),
        (
            "column 'born': dates like '1999-SECRET' (%Y-%m-%d) became year, month",
            "column 'born': dates became year, month",
        ),
        (
            "classes are imbalanced (SECRET 95 %, other 5 %), so the metric is auroc; accuracy is blind",
            "classes are imbalanced, so the metric is auroc; accuracy is blind",
        ),
        (
            "classes of a single row are trained on and never judged: SECRET, B (merge them or drop them)",
            "classes of a single row are trained on and never judged (merge them or drop them)",
        ),
        ("classification, because 'label' is text with 3 different values",) * 2,
        ("left out, constant: city, street",) * 2,
        ("rows without a target, dropped: 4",) * 2,
        ("the text 'SECRET words' of 2 rows is empty", "the text … of 2 rows is empty"),
        ('files like "SECRET.png" and others', "files and others"),
        ('column "it\'s": 3 of 9 values are not told apart',) * 2,
        (r"cells hold 'SECRET \' quoted' twice", "cells hold … twice"),
    ],
)
def test_a_note_on_the_data_loses_values_and_keeps_the_rest(note, shown):
    assert data_note(note) == shown
    assert "SECRET" not in data_note(note)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("not saved: /home/jane/secret/net.py:make is gone", "not saved: net.py:make is gone"),
        ("read from secret place/data.csv, 3 rows", "read from data.csv, 3 rows"),
        ("~/secret/a.csv and ../secret/b.csv and C:\\secret\\c.csv", "a.csv and b.csv and c.csv"),
        ("in '/my secret folder/d.csv', too", "in 'd.csv', too"),
        ("under /home/jane doe/secret/e.csv", "under e.csv"),
        ("better/worse, 1/2 and n/a stay; so does a / b", "better/worse, 1/2 and n/a stay; so does a / b"),
    ],
)  # fmt: skip
def test_paths_shrink_to_their_last_part(text, shown):
    shorten = Shortener(["secret place/data.csv"], ["/home/jane doe"])
    assert shorten.text(text) == shown


def test_keys_and_values_of_a_tree_are_shortened():
    assert Shortener([]).tree({"/a/b.py": ["/c/d.py", 1, None]}) == {"b.py": ["d.py", 1, None]}


def test_a_plan_keeps_everything_but_folders():
    text = 'task = "/home/jane/secret/data.csv"\ntest = "C:\\\\secret\\\\test.csv"\ntarget = "label"\n'
    assert shown_plan(text) == 'task = "data.csv"\ntest = "test.csv"\ntarget = "label"\n'
    assert basename("a/b/") == "b"
