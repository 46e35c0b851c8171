"""A network of next characters as an artifact: saved, loaded, and asked what follows a text."""

from pathlib import Path

import pytest
import torch

from shoal.errors import UserError
from shoal.experiments.take_home import load, save_trained
from shoal.population.recipe import Recipe
from shoal.tasks.language import from_text_file


@pytest.fixture
def made(tmp_path: Path):
    """The artifact of a few steps on a text of few characters, and a text to continue."""
    (tmp_path / "text.txt").write_text("one\ntwo " * 60, encoding="utf-8")
    task = from_text_file(tmp_path / "text.txt", 8)
    recipe = Recipe("char_transformer", width=8, depth=1, batch_size=8, epochs=0.5)
    saved = save_trained(task, recipe, 0, tmp_path / "artifact")
    (tmp_path / "new.txt").write_text("two one\ntwø one", encoding="utf-8")
    return load(saved.folder), tmp_path / "new.txt", saved


def test_the_prediction_is_of_the_character_behind_the_text(made):
    artifact, text, _ = made
    found = artifact.predict(text)
    names = ("(none)", "(other)", "\\n", " ", "e", "n", "o", "t", "w")
    assert found.classes == names
    x = torch.tensor([[2, 7, 8, 1, 3, 6, 5, 4]])  # the last eight characters, one of them unknown
    with torch.no_grad():
        expected = torch.softmax(artifact.network(x.float())[0, -1].double(), 0)
    torch.testing.assert_close(torch.from_numpy(found.probabilities), expected[None])
    assert found.values.tolist() == [names[int(expected.argmax())]]


def test_what_was_measured_is_bits_and_no_table_of_classes(made):
    _, _, saved = made
    assert saved.measured["metrics"] == {"bits_per_character": saved.score}
    assert saved.measured["diagnosis"] is None and 0 < saved.score < 12


def test_a_text_shorter_than_the_window_is_told(made):
    artifact, text, _ = made
    text.write_text("two", encoding="utf-8")
    with pytest.raises(UserError, match="has 3 characters, fewer than the 8 that the network predicts from"):
        artifact.predict(str(text))
    with pytest.raises(UserError, match="path of a plain text is needed, not list"):
        artifact.predict(["two"])
