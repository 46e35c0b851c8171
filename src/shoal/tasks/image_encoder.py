"""Images as networks see them: of one size, gray or color, each channel standardized."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray

_NUMBERS_AT_ONCE = 2**23


@dataclass(frozen=True, eq=False)
class ImageEncoder:
    """Images in [0, 1], [rows, channels, height, width], each channel centered and divided by its deviation.

    means, scales: of each channel, over all pixels of the images it was fitted on; a constant one is divided
    by 1.
    """

    height: int
    width: int
    means: Float64[ndarray, "channels"]
    scales: Float64[ndarray, "channels"]

    form: ClassVar[str] = "images"

    @property
    def channels(self) -> int:
        """1 for gray, 3 for color (or as many as an array had)."""
        return len(self.means)

    @classmethod
    def fit(
        cls, x: Float32[ndarray, "rows channels height width"], rows: Int64[ndarray, "some"]
    ) -> "ImageEncoder":
        """From the images number ``rows`` of ``x``, in float64."""
        each = max(1, _NUMBERS_AT_ONCE // x[0].size)
        parts = [rows[start : start + each] for start in range(0, len(rows), each)]
        over, count = (0, 2, 3), len(rows) * x.shape[2] * x.shape[3]
        means = sum(x[part].sum(over, dtype=np.float64) for part in parts) / count
        squares = sum(((x[part] - means[:, None, None]) ** 2).sum(over) for part in parts)
        scales = np.sqrt(squares / count)
        return cls(x.shape[2], x.shape[3], means, np.where(scales < 1e-6, 1.0, scales))

    def __call__(
        self, x: Float32[ndarray, "rows channels height width"]
    ) -> Float32[ndarray, "rows channels height width"]:
        return self.in_place(np.array(x, dtype=np.float32))

    def in_place(self, x: Float32[ndarray, "rows channels height width"]) -> ndarray:
        """``x`` itself, standardized, without a second copy of what may be gigabytes."""
        shape = (self.channels, 1, 1)
        x -= self.means.astype(np.float32).reshape(shape)
        x /= self.scales.astype(np.float32).reshape(shape)
        return x

    def describe(self) -> tuple[dict[str, Any], dict[str, ndarray]]:
        return {"height": self.height, "width": self.width}, {"means": self.means, "scales": self.scales}

    @classmethod
    def restore(cls, settings: dict[str, Any], arrays: dict[str, ndarray]) -> "ImageEncoder":
        """The encoder that ``describe`` described."""
        return cls(int(settings["height"]), int(settings["width"]), arrays["means"], arrays["scales"])
