"""A vocabulary counts its training rows alone, and gives the numbers that plain Python gives."""

import json
from collections import Counter

import numpy as np

from shoal.tasks.text_encoder import TextEncoder
from shoal.tasks.tokens import read

RANDOM = np.random.RandomState(1)
TEXTS = [" ".join(f"w{int(n)}" for n in RANDOM.exponential(12, 20)) for _ in range(60)]
ROWS = read(TEXTS).padded(15)
TRAIN = np.arange(0, 60, 2)


def plain(texts, train, most, length):
    """The numbers by a dictionary, word by word."""
    words = [text.split()[:length] for text in texts]
    counts = Counter(word for row in train for word in words[row])
    often = sorted((one for one in counts if counts[one] >= 2), key=lambda one: (-counts[one], one))[:most]
    numbers = {word: place + 2 for place, word in enumerate(often)}
    return often, [[numbers.get(word, 1) for word in row] + [0] * (length - len(row)) for row in words]


def test_frequent_words_of_the_training_rows_are_numbered_by_frequency():
    for most in (1000, 10):
        encoder = TextEncoder.fit(("review",), most, ROWS[TRAIN])
        names, numbers = plain(TEXTS, TRAIN, most, 15)
        assert list(encoder.names) == names and (most == 1000 or len(names) == 10)
        made = encoder(ROWS)
        assert made.dtype == np.float32 and made.tolist() == numbers


def test_it_is_stored_as_json_and_encodes_rows_of_other_words():
    encoder = TextEncoder.fit(("review",), 10, ROWS[TRAIN])
    settings, arrays = encoder.describe()
    again = TextEncoder.restore(json.loads(json.dumps(settings)), arrays)
    assert arrays == {} and again(ROWS).tolist() == encoder(ROWS).tolist() and again.columns == ("review",)
    first = encoder.names[0]
    assert again(read([f"new {first} {first}"]).padded(15)).tolist() == [[1.0, 2.0, 2.0] + [0.0] * 12]


def test_what_is_too_long_for_a_word_stays_unknown():
    long = "x" * 101
    encoder = TextEncoder.fit(("review",), 5, read([f"{long} a", f"{long} a"]).padded(4))
    assert encoder.names == ("a",)
