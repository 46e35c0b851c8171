"""Text as numbered tokens, against what is written by hand and against plain Python."""

from collections import Counter

import numpy as np
import pytest

from shoal.errors import UserError
from shoal.tasks import tokens
from shoal.tasks.tokens import FILLING, FIRST, SEPARATOR, UNKNOWN, read, tokens_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don’t STOP, it's 10/10!", ["don't", "stop", ",", "it's", "10", "/", "10", "!"]),
        ("one<br /><br />two</p><img src='a b'>", ["one", "two"]),
        ("I <3 you, a < b", ["i", "<", "3", "you", ",", "a", "<", "b"]),
        ("'quoted' rock'n'roll", ["'", "quoted", "'", "rock'n'roll"]),
        ("naïve nai\u0308ve NAÏVE", ["naïve"] * 3),  # composed, decomposed, large
        ("हिन्दी में", ["हिन्दी", "में"]),  # vowel signs are marks, not letters
        ("我很好。かな", ["我", "很", "好", "。", "か", "な"]),
        (f"a{SEPARATOR}b", ["a", SEPARATOR, "b"]),
        ("…—😀", ["…", "—", "😀"]),
        (" \t\n", []),
    ],
)
def test_words_signs_and_nothing_else(text, found):
    assert tokens_of(text) == found


def test_rows_hold_their_first_tokens_and_are_filled_up():
    texts = ["b a b", "", "c a b a", "a"]
    found = read(texts)
    assert found.names == ("a", "b", "c") and found.lengths.tolist() == [3, 0, 4, 1] and found.empty == 1
    a, b, c = range(FIRST, FIRST + 3)
    rows = found.padded(3)
    expected = [[b, a, b], [UNKNOWN, FILLING, FILLING], [c, a, b], [a, FILLING, FILLING]]
    assert rows.numbers.tolist() == expected and found.cut(3) == 1 and found.cut(4) == 0
    assert rows.counts().tolist() == [3, 3, 1]
    assert rows[np.array([0, 3])].counts().tolist() == [2, 2, 0]
    assert found.padded(6).numbers.shape == (4, 6)


def test_long_texts_and_many_texts_count_as_plain_python_counts(monkeypatch):
    random = np.random.RandomState(0)
    texts = [" ".join(f"w{n}" for n in random.randint(0, 50, length)) for length in random.randint(0, 40, 99)]
    monkeypatch.setattr(tokens, "MOST_LENGTH", 30)
    found = read(texts)
    expected = Counter(word for text in texts for word in text.split()[:30])
    counts = found.padded(30).counts()
    assert dict(zip(found.names, counts.tolist(), strict=True)) == expected
    assert found.cut(30) == sum(len(text.split()) > 30 for text in texts) > 0
    monkeypatch.setattr(tokens, "MOST_CHARACTERS", 5)
    assert read(["a b c d e"]).lengths.tolist() == [3] and read(["a b c d e"]).cut(3) == 1


def test_more_different_words_than_a_language_has_are_refused(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_TOKENS", 5)
    with pytest.raises(
        UserError, match=r"more than 5 different words .one is 'f' in row 2., too many to be of"
    ):
        read(["a b c", "d e f"])
