"""An artifact is written whole or not at all, and never over something else."""

import json
import os

import pytest
import safetensors.torch
import torch

from artifact.made import contents, saved, weights_of
from shoal.artifact import save as save_
from shoal.artifact.load import load
from shoal.artifact.save import DESCRIPTION, PREPROCESSING, RECIPE, WEIGHTS, digest, save
from shoal.errors import UserError


def test_the_folder_holds_plain_files_that_anyone_can_read(tmp_path):
    described, module = contents({})
    save(tmp_path / "deep" / "a", described, weights_of(module), "width = 12\n")
    home = tmp_path / "deep" / "a"
    assert sorted(os.listdir(home)) == sorted([DESCRIPTION, PREPROCESSING, RECIPE, WEIGHTS])
    weights = safetensors.torch.load_file(home / WEIGHTS)
    assert all(torch.equal(weights[name], one) for name, one in weights_of(module).items())
    plain = json.loads((home / DESCRIPTION).read_text())
    assert plain["recipe"]["width"] == 12 and plain["provenance"] == {"task": "own"}
    for name, stated in plain["files"].items():
        data = (home / name).read_bytes()
        assert (len(data), digest(data)) == (stated["bytes"], stated["sha256"])
    assert (home / RECIPE).read_text() == "width = 12\n"
    assert os.listdir(tmp_path / "deep") == ["a"]


def test_an_artifact_is_replaced_by_the_next(tmp_path):
    saved(tmp_path / "a")
    described, module = contents({"width": 5})
    save(tmp_path / "a", described, weights_of(module))
    assert load(tmp_path / "a").contents.recipe["width"] == 5
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("place", ["_write", "_sync", "_put_in_place"])
def test_what_fails_leaves_the_old_one_and_nothing_else(place, tmp_path, monkeypatch):
    saved(tmp_path / "a")
    described, module = contents({"width": 5})

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(save_, place, full)
    with pytest.raises(UserError, match="No space left on device"):
        save(tmp_path / "a", described, weights_of(module))
    assert load(tmp_path / "a").contents.recipe["width"] == 12
    assert os.listdir(tmp_path) == ["a"]


def test_a_rename_that_fails_brings_the_old_one_back(tmp_path, monkeypatch):
    saved(tmp_path / "a")
    described, module = contents({"width": 5})
    rename = type(tmp_path).rename

    def refuse(self, target):
        if self.name.endswith(".partial"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(tmp_path), "rename", refuse)
    with pytest.raises(UserError, match="Input/output error"):
        save(tmp_path / "a", described, weights_of(module))
    assert load(tmp_path / "a").contents.recipe["width"] == 12


def test_other_things_are_never_overwritten(tmp_path):
    described, module = contents({})
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "one.txt").write_text("do not touch")
    with pytest.raises(UserError, match="is not empty and holds no artifact"):
        save(tmp_path / "thesis", described, weights_of(module))
    with pytest.raises(UserError, match="is a file"):
        save(tmp_path / "thesis" / "one.txt", described, weights_of(module))
    with pytest.raises(UserError, match=r"one\.txt cannot"):
        save(tmp_path / "thesis" / "one.txt" / "below", described, weights_of(module))
    assert (tmp_path / "thesis" / "one.txt").read_text() == "do not touch"
    (tmp_path / "empty").mkdir()
    save(tmp_path / "empty", described, weights_of(module))
    assert load(tmp_path / "empty")
