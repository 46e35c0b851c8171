"""Which rows train, choose and judge: test rows are fixed, training and validation rows are drawn by seed.

Classes keep their shares in every part, as nearly as whole rows allow (largest remainders). One row of each
class always stays for training, so a class of a single row is trained on and never judged.
The draws use numpy's RandomState, whose stream is frozen (NEP 19): a seed means the same rows everywhere.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from shoal.errors import UserError

TEST_SHARE = 0.2
VALID_SHARE = 0.2  # of the rows that are not test rows
FEWEST_ROWS = 20
TEST_SEED = 1729  # test rows belong to the task, not to a run: one constant for everyone


class Parts(NamedTuple):
    """How large the parts are. test: row numbers of an official test part, or None for a share."""

    test: Int64[ndarray, "test"] | None = None
    test_share: float = TEST_SHARE
    valid_share: float = VALID_SHARE


class Rows(Protocol):
    """However rows were divided. rest: all but the test rows. train_rows: as many train for every seed.

    draw: the training and validation rows of a seed, each in rising order.
    """

    @property
    def rest(self) -> Int64[ndarray, "rest"]: ...
    @property
    def test(self) -> Int64[ndarray, "test"]: ...
    @property
    def train_rows(self) -> int: ...
    def draw(self, seed: int) -> tuple[Int64[ndarray, "train"], Int64[ndarray, "valid"]]: ...


@dataclass(frozen=True)
class Split:
    """The rows of a task. test: fixed row numbers; rest: all others, of which ``valid_share`` validate.

    labels: [rows] class numbers, or None where there are no classes to keep in proportion.
    """

    rest: Int64[ndarray, "rest"]
    test: Int64[ndarray, "test"]
    labels: Int64[ndarray, "rows"] | None
    valid_share: float = VALID_SHARE

    @property
    def valid_rows(self) -> int:
        """How many rows validate, for every seed."""
        return round(self.valid_share * len(self.rest))

    @property
    def train_rows(self) -> int:
        """How many rows train, for every seed."""
        return len(self.rest) - self.valid_rows

    def draw(self, seed: int) -> tuple[Int64[ndarray, "train"], Int64[ndarray, "valid"]]:
        """The training and validation rows of ``seed``, each in rising order."""
        return divide(self.rest, self.labels, self.valid_rows, seed)


def split(
    rows: int,
    labels: Int64[ndarray, "rows"] | None = None,
    *,
    test: Int64[ndarray, "test"] | None = None,
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
) -> Split:
    """Split ``rows`` rows; ``test`` are the row numbers of an official test part, else a share is drawn.

    Raises UserError for fewer than 20 rows, for shares outside (0, 1) (``valid_share`` may be 0), and when
    there are so many classes that keeping one row of each for training leaves too few for the other parts.
    """
    check(rows, test_share, valid_share)
    everything = np.arange(rows)
    if test is None:
        rest, test = divide(everything, labels, max(1, round(test_share * rows)), TEST_SEED)
    else:
        rest = np.setdiff1d(everything, test)
    made = Split(rest, np.sort(test), labels, valid_share)
    if (valid_share > 0 and made.valid_rows == 0) or made.train_rows == 0:
        raise UserError(f"{len(rest)} rows beside the test rows are too few to train and validate on")
    made.draw(0)  # raises now, not in the middle of a run, when the classes are too many
    return made


def check(rows: int, test_share: float, valid_share: float) -> None:
    """Raise UserError for fewer than 20 rows and for shares that leave a part empty."""
    if rows < FEWEST_ROWS:
        raise UserError(
            f"{rows} rows are too few to train, validate and test on; at least {FEWEST_ROWS} are needed"
        )
    if not 0 < test_share < 1:
        raise UserError(f"the test share is {test_share:g}; it must lie between 0 and 1")
    if not 0 <= valid_share < 1:
        raise UserError(f"the validation share is {valid_share:g}; it must be at least 0 and below 1")


def divide(
    rows: Int64[ndarray, "some"], labels: Int64[ndarray, "rows"] | None, taken: int, seed: int
) -> tuple[Int64[ndarray, "kept"], Int64[ndarray, "taken"]]:
    """Divide ``rows`` by chance into kept and taken, in rising order; exactly ``taken`` are taken."""
    shuffled = np.random.RandomState(seed).permutation(rows)
    if labels is None:
        return np.sort(shuffled[taken:]), np.sort(shuffled[:taken])
    _, member, counts = np.unique(labels[shuffled], return_inverse=True, return_counts=True)
    quota = _quota(counts, taken)
    by_class = np.argsort(member, kind="stable")  # the rows of a class, in shuffled order
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_taken = np.empty(len(rows), dtype=bool)
    is_taken[by_class] = place < np.repeat(quota, counts)
    return np.sort(shuffled[~is_taken]), np.sort(shuffled[is_taken])


def _quota(counts: Int64[ndarray, "classes"], taken: int) -> Int64[ndarray, "classes"]:
    """How many rows of each class to take: in proportion, largest remainders first, one of each kept."""
    most = counts - 1
    if most.sum() < taken:
        raise UserError(
            f"{len(counts)} classes in {counts.sum()} rows leave too few rows of each to train, validate and "
            "test on; merge rare classes, or predict a number instead"
        )
    exact = counts * (taken / counts.sum())
    quota = np.minimum(np.floor(exact).astype(np.int64), most)
    while quota.sum() < taken:
        wanted = np.where(quota < most, exact - quota, -np.inf)
        first = np.argsort(-wanted, kind="stable")[: taken - quota.sum()]
        quota[first[quota[first] < most[first]]] += 1
    return quota
