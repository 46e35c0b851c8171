"""Splits by whole groups: rows of one group (a patient, a user, a day) never stand on both sides.

Groups are drawn by chance, several times, and the draw is taken whose class counts are nearest to their
shares: classes are kept in proportion as well as whole groups allow. A population trains every seed on
equally many rows, but whole groups do not add up to the same number for every seed; so the sizes that the
middle half of pilot draws reaches are fixed, seeds that draw others draw again, and the few rows too many sit
out a seed.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.splits import TEST_SEED, Parts, divide

TEST_DRAWS = 64
VALID_DRAWS = 8  # few, so that seeds differ even where there are few groups
MOST_TRIES = 1000
PILOTS = 32


@dataclass(frozen=True)
class GroupSplit:
    """The rows of a task in groups. rest, test: row numbers. labels, groups: [rows] numbers from 0.

    fewest, most: rows of the groups that validate; every seed validates on ``fewest`` of them and trains on
    all rows of the rest but ``most``.
    """

    rest: Int64[ndarray, "rest"]
    test: Int64[ndarray, "test"]
    labels: Int64[ndarray, "rows"]
    groups: Int64[ndarray, "rows"]
    valid_share: float
    fewest: int
    most: int

    @property
    def train_rows(self) -> int:
        """How many rows train, for every seed."""
        return len(self.rest) - self.most

    def draw(self, seed: int) -> tuple[Int64[ndarray, "train"], Int64[ndarray, "valid"]]:
        """The training and validation rows of ``seed``, each in rising order."""
        if self.most == 0:
            return self.rest, self.rest[:0]
        random = np.random.RandomState(seed)
        for _ in range(MOST_TRIES):
            taken = _take(self.rest, self.labels, self.groups, self.valid_share, VALID_DRAWS, random, 1)
            if self.fewest <= taken.sum() <= self.most:
                break
        else:
            raise UserError("no draw of whole groups gives validation rows in number; try another share")
        train, valid = self.rest[~taken], self.rest[taken]
        return self._thinned(train, self.train_rows, seed), self._thinned(valid, self.fewest, seed)

    def _thinned(self, rows: Int64[ndarray, "some"], size: int, seed: int) -> Int64[ndarray, "size"]:
        return rows if len(rows) == size else divide(rows, self.labels, len(rows) - size, seed)[0]


def split_by_group(
    groups: Int64[ndarray, "rows"],
    labels: Int64[ndarray, "rows"] | None,
    asked: Parts,
    names: tuple[str, ...] = (),
) -> GroupSplit:
    """Split rows by their groups. names: what classes are called, for sentences.

    Raises UserError for fewer groups than parts, for a class whose rows all belong to one group, and for an
    official test part that shares a group with the other rows.
    """
    test, test_share, valid_share = asked
    labels = np.zeros(len(groups), dtype=np.int64) if labels is None else labels
    _check_classes(groups, labels, names)
    everything = np.arange(len(groups))
    parts = 2 if valid_share > 0 else 1
    if test is None:
        _check_number(len(np.unique(groups)), parts + 1)
        random = np.random.RandomState(TEST_SEED)
        taken = _take(everything, labels, groups, test_share, TEST_DRAWS, random, parts)
        rest, test = everything[~taken], everything[taken]
    else:
        rest = np.setdiff1d(everything, test)
        both = np.intersect1d(groups[rest], groups[test])
        if len(both):
            raise UserError(
                f"{len(both)} groups have rows in the test part and among the others; leave them out of one"
            )
        _check_number(len(np.unique(groups[rest])), parts)
    made = GroupSplit(rest, test, labels, groups, valid_share, 0, 0)
    if valid_share == 0:
        return made
    sizes = [
        _take(rest, labels, groups, valid_share, VALID_DRAWS, np.random.RandomState(pilot), 1).sum()
        for pilot in range(PILOTS)
    ]
    fewest, most = (int(np.quantile(sizes, at, method="nearest")) for at in (0.25, 0.75))
    return GroupSplit(rest, test, labels, groups, valid_share, fewest, most)


def _take(
    rows: Int64[ndarray, "rows"],
    labels: Int64[ndarray, "all"],
    groups: Int64[ndarray, "all"],
    share: float,
    draws: int,
    random: np.random.RandomState,
    left: int,
) -> Bool[ndarray, "rows"]:
    """Which of ``rows`` to take: whole groups, about ``share`` of each class, the best of several draws.

    At least ``left`` groups and a row of every class stay.
    """
    _, member = np.unique(groups[rows], return_inverse=True)
    _, label = np.unique(labels[rows], return_inverse=True)
    counts = np.zeros((member.max() + 1, label.max() + 1), dtype=np.int64)
    np.add.at(counts, (member, label), 1)
    sizes, total = counts.sum(1), counts.sum(0)
    best, least = None, np.inf
    for draw in range(MOST_TRIES):
        if draw >= draws and best is not None:
            break
        order = random.permutation(len(sizes))
        reached = np.cumsum(sizes[order])[: len(sizes) - left]
        chosen = order[: 1 + int(np.abs(reached - share * len(rows)).argmin())]
        taken = counts[chosen].sum(0)
        off = np.abs(taken - share * total).sum()
        if off < least and (taken < total).all():
            best, least = chosen, off
    if best is None:
        raise UserError(
            "whole groups cannot be divided so that every class stays among the training rows; merge rare "
            "classes, or leave their rows out"
        )
    return np.isin(member, best)


def _check_number(groups: int, parts: int) -> None:
    if groups < parts:
        raise UserError(
            f"{groups} groups cannot be divided into {parts} parts (training, validation, test); at least "
            f"{parts} are needed, or a column with smaller groups"
        )


def _check_classes(groups: ndarray, labels: ndarray, names: tuple[str, ...]) -> None:
    pairs = np.unique(np.stack([labels, groups]), axis=1)
    classes, found = np.unique(pairs[0], return_counts=True)
    if len(classes) > 1 and (found == 1).any():
        first = int(classes[found == 1][0])
        raise UserError(
            f"all rows of class {names[first] if names else first!r} belong to one group, so it cannot be "
            "both learned and judged; leave that class out, or merge it with another"
        )
