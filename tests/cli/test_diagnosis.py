"""The diagnosis on the screen says the numbers that it was given."""

import io

import numpy as np
from rich.console import Console

from shoal.cli.diagnosis import MOST_CLASSES, show
from shoal.experiments.diagnostics import diagnose


def lines(diagnosis):
    out = io.StringIO()
    show(diagnosis, Console(file=out, width=120))
    return out.getvalue()


def test_every_class_its_mistakes_and_the_calibration_are_shown():
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.9, 0.1]])
    told = lines(diagnose(shares, np.array([0, 0, 1, 1]), ["no [bold]", "yes"]))
    assert "no [bold]" in told  # names of classes are no markup
    (yes,) = [line for line in told.splitlines() if line.split()[:2] == ["yes", "2"]]
    assert yes.split()[2:] == ["1.000", "0.500", "0.500"]
    assert ["yes", "1", "1"] in [line.split() for line in told.splitlines()]
    assert "off by 0.225 on average" in told  # (3 · |2/3 - 0.9| + |1 - 0.8|) / 4


def test_undefined_numbers_are_dashes_and_a_wide_confusion_is_left_out():
    count = MOST_CLASSES + 1
    shares = np.full((4, count), 1 / count)
    told = lines(diagnose(shares, np.zeros(4, dtype=np.int64), range(count)))
    assert "–" in told and "taken for" not in told
