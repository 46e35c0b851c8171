"""Training, validation and test rows that the user gives: the same for every seed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy import ndarray


@dataclass(frozen=True)
class FixedSplit:
    """Row numbers of each part. Fulfils ``shoal.tasks.splits.Rows``."""

    train: Int64[ndarray, "train"]
    valid: Int64[ndarray, "valid"]
    test: Int64[ndarray, "test"]

    @property
    def rest(self) -> Int64[ndarray, "rest"]:
        """All rows that are not test rows."""
        return np.union1d(self.train, self.valid)

    @property
    def train_rows(self) -> int:
        """How many rows train."""
        return len(self.train)

    def draw(self, seed: int) -> tuple[Int64[ndarray, "train"], Int64[ndarray, "valid"]]:
        """The same rows for every seed."""
        return self.train, self.valid
