"""Text as numbered tokens: lower-cased words and punctuation, told apart by one regular expression.

Text is normalized (NFC), tags of HTML become a space, letters become lower case, and ``expression`` finds:

- a word: letters, digits and underscores with their combining marks; apostrophes inside belong to it (don't)
- a Chinese character or a kana by itself, as these languages put no spaces between words
- any other sign that is no space, by itself

What is not done: stems, subwords, spelling. Languages without spaces but Chinese and Japanese (Thai, say)
give a token for each run of letters.
"""

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Int32, Int64
from numpy import ndarray

from shoal.errors import UserError

FILLING, UNKNOWN, FIRST = 0, 1, 2  # numbers of no token, of one that is not known, and of the first known
MOST_LENGTH = 4096  # tokens of a row
MOST_CHARACTERS = 2**18  # of a row
MOST_TOKENS = 4_000_000  # different ones
SEPARATOR = "\x1e"  # the record separator of ASCII: a token that stands between joined columns
TAG = re.compile(r"<[A-Za-z/!][^<>]{0,1000}>")
_EAST_ASIAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"


class Tokens(NamedTuple):
    """Rows of tokens, one after the other.

    flat: [tokens] places in ``names``. lengths: [rows] how many of them are a row's, at most ``MOST_LENGTH``.
    longer: [rows] whether a row has more. empty: how many rows have no token but separators. tagged: how many
    had tags of HTML. names: the different tokens, sorted.
    """

    flat: Int32[ndarray, "tokens"]
    lengths: Int64[ndarray, "rows"]
    longer: Int64[ndarray, "rows"]
    empty: int
    tagged: int
    names: tuple[str, ...]

    def padded(self, length: int) -> "TokenRows":
        """The first ``length`` tokens of each row; a row without one holds the unknown one."""
        numbers = np.zeros((len(self.lengths), length), dtype=np.int32)
        kept = np.arange(length) < self.lengths[:, None]
        ends = np.cumsum(self.lengths)
        place = np.arange(len(self.flat)) - np.repeat(ends - self.lengths, self.lengths)
        numbers[kept] = self.flat[place < length] + FIRST
        numbers[self.lengths == 0, 0] = UNKNOWN
        return TokenRows(numbers, self.names)

    def cut(self, length: int) -> int:
        """How many rows have more tokens than ``length``."""
        return int(((self.lengths > length) | self.longer.astype(bool)).sum())


@dataclass(frozen=True, eq=False)
class TokenRows:
    """Rows of equal length. numbers: [rows, length] int32, 2 + i for names[i]. names: as in ``Tokens``."""

    numbers: Int32[ndarray, "rows length"]
    names: tuple[str, ...]

    def __getitem__(self, rows: ndarray) -> "TokenRows":
        return TokenRows(self.numbers[rows], self.names)

    def counts(self) -> Int64[ndarray, "names"]:
        """How often each name stands in the rows."""
        return np.bincount(self.numbers.ravel(), minlength=FIRST + len(self.names))[FIRST:]


@cache
def expression() -> re.Pattern[str]:
    """What finds the tokens of a text in lower case."""
    marks = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code))[0] == "M")
    letters = rf"[^\W{_EAST_ASIAN}]+(?:[{marks}]+[^\W{_EAST_ASIAN}]*)*"
    return re.compile(rf"{letters}(?:'{letters})*|[{_EAST_ASIAN}][{marks}]*|[^\w\s]|{SEPARATOR}")


def tokens_of(text: str) -> list[str]:
    """The tokens of a text, in order."""
    return expression().findall(_plain(text)[0])


def read(texts: Iterable[str]) -> Tokens:
    """The tokens of texts, each read up to 4,096 tokens and 262,144 characters.

    Raises UserError for texts with so many different tokens that they cannot be words.
    """
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    number, find = numbers.__getitem__, expression().findall
    flat, lengths, longer = array("i"), array("q"), array("q")
    empty = tagged = 0
    for text in texts:
        plain, tags = _plain(text[:MOST_CHARACTERS])
        found = find(plain)
        flat.extend(map(number, found[:MOST_LENGTH]))
        lengths.append(min(len(found), MOST_LENGTH))
        longer.append(len(found) > MOST_LENGTH or len(text) > MOST_CHARACTERS)
        empty += found.count(SEPARATOR) == len(found)
        tagged += tags > 0
        if len(numbers) > MOST_TOKENS:
            raise UserError(
                f"the texts hold more than {MOST_TOKENS:,} different words (one is {found[-1][:40]!r} in row "
                f"{len(lengths)}), too many to be of a language; give fewer rows, or words between spaces"
            )
    names = sorted(numbers)
    places = np.empty(len(names), dtype=np.int32)
    places[[numbers[name] for name in names]] = np.arange(len(names), dtype=np.int32)
    parts = [np.frombuffer(part, dtype=part.typecode) for part in (flat, lengths, longer)]
    return Tokens(places[parts[0]], parts[1], parts[2], empty, tagged, tuple(names))


def _plain(text: str) -> tuple[str, int]:
    """The text as ``expression`` reads it, and how many tags were in it."""
    without, tags = TAG.subn(" ", text) if "<" in text else (text, 0)
    return unicodedata.normalize("NFC", without).lower().replace("’", "'"), tags
