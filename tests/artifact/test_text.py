"""A network of text predicts the same after it was saved and loaded, from tables, folders and lists."""

import numpy as np
import polars as pl
import pytest

from artifact.made import contents, weights_of
from shoal.artifact.load import load
from shoal.artifact.predict import outputs_of, predictions
from shoal.artifact.save import save
from shoal.cli import main
from shoal.errors import UserError
from shoal.tasks.tables import from_table

RANDOM = np.random.RandomState(0)
TEXTS = [" ".join(f"word{int(n)}" for n in RANDOM.exponential(9, RANDOM.randint(7, 20))) for _ in range(80)]


@pytest.mark.parametrize("target", ["class", "number"])
def test_predictions_are_those_before_saving(target, tmp_path, capsys):
    frame = pl.DataFrame(
        {"text": TEXTS, "class": np.arange(80) % 3 * 0.5 + 1, "number": RANDOM.normal(40, 9, 80)}
    )
    kind = "classification" if target == "class" else "regression"
    task = from_table(frame, target, kind=kind, text=["text"])
    described, module = contents({"network": "embedding_bag"}, task=task)
    before = predictions(described, outputs_of(module, {}, task.prepare(0).x, task.outputs))
    save(tmp_path / "run", described, weights_of(module))
    frame.write_csv(tmp_path / "new.csv")
    (tmp_path / "texts").mkdir()
    for row, text in enumerate(TEXTS):
        (tmp_path / "texts" / f"{row:02}.txt").write_text(text)
    again = load(tmp_path / "run")
    for rows in (tmp_path / "new.csv", frame.select("text"), TEXTS, tmp_path / "texts"):
        made = again.predict(rows)
        assert made.values.tolist() == before.values.tolist() and made.notes == ()
        if kind == "classification":
            np.testing.assert_array_equal(made.probabilities, before.probabilities)
    numbers = before.values if kind == "regression" else before.probabilities[:, 0]
    assert len(set(numbers.tolist())) > 70  # rows are told apart
    assert main.run(["predict", str(tmp_path / "run"), str(tmp_path / "texts")]) == 0
    header, first, *rest = capsys.readouterr().out.splitlines()
    assert len(rest) == 79 and header.startswith("file,prediction") and first.startswith("00.txt,")
    with pytest.raises(
        UserError, match="'text' was learned from and is needed: there is no column in the frame"
    ):
        again.predict(frame.drop("text"))
