"""Folders of images: which files, which class, which side, and what stands in the tensor."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from shoal.errors import UserError
from shoal.experiments.take_home import load as artifact
from shoal.experiments.take_home import save_trained
from shoal.population.fit import fit
from shoal.population.programs import Programs
from shoal.population.recipe import Recipe
from shoal.tasks import image_size
from shoal.tasks.image_folder import images_below, labeled_images
from shoal.tasks.load import load
from shoal.tasks.preprocessing import encode, from_description, preprocessing

RANDOM = np.random.default_rng(2)
RECIPE = Recipe(network="convnet", width=4, depth=1, epochs=2, batch_size=8)


def write(folder, name, image=None, size=(6, 8), **options):
    """An image file in a folder that is made; its pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    image = RANDOM.integers(0, 256, size, dtype=np.uint8) if image is None else image
    Image.fromarray(image).save(folder / name, **options)
    return image


@pytest.fixture
def folder(tmp_path):
    """30 cats and 20 dogs of 6×8 pixels, of 10 patients; all their pixels, by path."""
    home = tmp_path / "pets"
    for number in range(50):
        write(home / ("cat" if number < 30 else "dog"), f"p{number % 10}_{number}.png")
    return home


def raw(home):
    return {file: np.asarray(Image.open(file)) / 255 for file in sorted(home.rglob("*.png"))}


def test_a_class_is_a_folder_and_all_seeds_share_one_standardized_tensor(folder):
    heard = []
    task = load(str(folder), on_progress=heard.append)
    data, other = task.prepare(0), task.prepare(1)
    assert (task.name, task.kind, task.metric) == ("pets", "classification", "accuracy")
    assert (task.features, task.outputs, task.inputs) == ((1, 6, 8), 2, "image")
    assert task.prepare.classes == ("cat", "dog")  # type: ignore[attr-defined]
    assert data.x is other.x and not torch.equal(data.valid, other.valid)
    assert sorted([*data.train, *data.valid, *data.test]) == list(range(50)) and len(data.test) == 10
    pixels = np.stack([*raw(folder).values()])
    rest = np.setdiff1d(np.arange(50), data.test.numpy())
    expected = (pixels - pixels[rest].mean()) / pixels[rest].std()
    np.testing.assert_allclose(data.x[:, 0], expected, atol=1e-5)
    assert data.y.tolist() == [0] * 30 + [1] * 20
    assert any("the same for every seed" in note for note in task.notes)


def test_one_color_image_makes_all_color_and_gray_in_color_is_gray(folder, tmp_path):
    color = write(folder / "dog", "z.png", size=(6, 8, 3))
    task = load(folder)
    assert task.features == (3, 6, 8)
    x = task.prepare(0).x
    encoder = task.prepare.finished  # type: ignore[attr-defined]
    back = x[50].double().numpy() * encoder.scales[:, None, None] + encoder.means[:, None, None]
    np.testing.assert_allclose(back, color.transpose(2, 0, 1) / 255, atol=1e-6)
    (folder / "dog" / "z.png").unlink()
    gray = write(folder / "dog", "y.png")
    before = load(folder)
    write(folder / "dog", "y.png", np.dstack([gray] * 3))
    after = load(folder)
    assert after.features == (1, 6, 8) and torch.equal(after.prepare(0).x, before.prepare(0).x)
    assert any("stored in color" in note for note in after.notes)


def test_sizes_that_differ_become_one(folder):
    assert load(folder, image_size=6).features == (1, 6, 6)
    write(folder / "dog", "z.png", size=(40, 80))
    task = load(folder)
    assert task.features == (1, 32, 32)
    assert any(note.startswith("images of 8×6 to 80×40 pixels became 32×32") for note in task.notes)


def test_official_parts_are_kept_and_the_validation_folder_is_joined(tmp_path):
    for part, count in (("train", 20), ("val", 6), ("test", 4)):
        for number in range(count):
            for name in ("cat", "dog"):
                write(tmp_path / "pets" / part / name, f"{part}{number}.png")
    task = load(tmp_path / "pets")
    data = task.prepare(0)
    assert data.test.tolist() == list(range(52, 60)) and len(data.train) + len(data.valid) == 52
    assert "the images of the validation folder are joined with train; each seed draws its own" in task.notes
    (tmp_path / "pets" / "test").rename(tmp_path / "later")
    again = load(tmp_path / "pets", test=str(tmp_path / "later"))
    assert torch.equal(again.prepare(0).x, data.x) and torch.equal(again.prepare(3).test, data.test)
    write(tmp_path / "later" / "fox", "a.png")
    with pytest.raises(UserError, match=r"later/fox is in the test part only"):
        load(tmp_path / "pets", test=tmp_path / "later")


def test_a_patient_is_never_on_two_sides(folder):
    files = labeled_images(folder).files
    for pattern, of in ((r"^(p\d)_", lambda name: name[:2]), (r"p\d", lambda name: name[:2])):
        task = load(folder, group=pattern)
        for seed in range(4):
            data = task.prepare(seed)
            sides = [{of(files[row].name) for row in part} for part in (data.train, data.valid, data.test)]
            assert sum(map(len, sides)) == len(set.union(*sides)) and len(data.train) == task.train_rows
    assert any("there are 10 groups" in note for note in task.notes)
    with pytest.raises(UserError, match=r"group '\^\(q\)' does not match the file name of .*cat/p0_0.png"):
        load(folder, group="^(q)")
    with pytest.raises(UserError, match=r"group '\(' is no regular expression"):
        load(folder, group="(")


def test_new_images_are_encoded_as_in_training(folder):
    write(folder / "dog", "z.png", size=(40, 80, 3))
    task = load(folder)
    plain = preprocessing(task, 0).describe()
    again = from_description(plain)
    assert again.classes == ("cat", "dog")
    made = again(folder)
    assert torch.equal(made.x, task.prepare(0).x)
    assert again.files(folder) == tuple(str(one.relative_to(folder)) for one in images_below(folder))
    one = encode(task, str(folder / "dog" / "z.png"), 0)
    assert torch.equal(one.x[0], task.prepare(0).x[-1])
    assert again.files(folder / "dog" / "z.png") == ("z.png",)
    (folder / "readme.txt").write_text("")
    with pytest.raises(UserError, match=r"readme.txt is no image by its name"):
        again(folder)
    with pytest.raises(UserError, match="there is no file"):
        again(folder / "none.png")


def spoil_empty(home):
    (home / "fox").mkdir()
    return r"class folder .*fox holds no image"


def spoil_text(home):
    (home / "cat" / "notes.txt").write_text("x")
    return r"notes.txt is no image by its name \(.txt\)"


def spoil_dicom(home):
    (home / "cat" / "scan.dcm").write_bytes(bytes(200))
    return r"scan.dcm is DICOM.*convert it to .png"


def spoil_lie(home):
    (home / "cat" / "p1_x.png").write_text("no image")
    return r"p1_x.png is no PNG, JPEG or WebP image"


def spoil_cut(home):
    file = home / "dog" / "p0_40.png"
    file.write_bytes(file.read_bytes()[:-30])
    return r"p0_40.png is damaged and cannot be decoded"


def spoil_deep(home):
    (home / "cat" / "more").mkdir()
    return r"more is a folder among images"


def spoil_loose(home):
    write(home, "loose.png")
    return r"loose.png lies outside the class folders"


def spoil_link(home):
    write(home.parent / "secret", "a.png")
    os.symlink(home.parent / "secret", home / "fox")
    return r"fox is a link out of .*, which is not followed"


def spoil_file_link(home):
    write(home.parent / "secret", "a.png")
    os.symlink(home.parent / "secret" / "a.png", home / "cat" / "p1_l.png")
    return r"p1_l.png is a link out of"


def spoil_one(home):
    for file in (home / "dog").iterdir():
        file.unlink()
    (home / "dog").rmdir()
    return r"holds one class only, 'cat'"


def spoil_all(home):
    (home / "cat").rename(home.parent / "cat")
    (home / "dog").rename(home.parent / "dog")
    return r"holds no class folders"


SPOILERS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda one: one.__name__)
def test_wrong_folders_are_one_sentence(folder, spoil):
    expected = spoil(folder)
    with pytest.raises(UserError, match=expected) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_hidden_files_and_links_inside_are_no_trouble(folder):
    for name in (".DS_Store", "Thumbs.db"):
        (folder / "cat" / name).write_bytes(b"x")
    (folder / "README.md").write_text("about")
    os.symlink(folder / "cat" / "p0_0.png", folder / "cat" / "q.png")
    assert len(load(folder).prepare(0).x) == 51


def test_options_that_fit_nothing_are_refused(folder, monkeypatch):
    for size in (0, 3, 5000, 2.5):
        with pytest.raises(UserError, match="no whole number from 4 to 1024"):
            load(folder, image_size=size)
    with pytest.raises(UserError, match="it takes no target"):
        load(folder, "label")
    with pytest.raises(UserError, match="takes no image_size"):
        load("digits", image_size=8)
    monkeypatch.setattr(image_size, "MOST_BYTES", 50 * 4 * 5 * 5 + 3)
    with pytest.raises(UserError, match=r"50 images of 8×6 pixels and 1 channels .*: --image-size 5 fits"):
        load(folder)
    assert load(folder, image_size=5).features == (1, 5, 5)


def test_what_is_saved_predicts_images_as_they_were_judged(folder, tmp_path):
    task = load(folder, image_size=8)
    programs = Programs()
    fitted = fit(task, RECIPE, 3, programs=programs)
    save_trained(task, RECIPE, 3, tmp_path / "run", programs=programs)
    data, files = task.prepare(3), np.array([str(one) for one in images_below(folder)])
    copied = tmp_path / "new"
    copied.mkdir()
    for row in data.test.tolist():
        (copied / f"{row:02}.png").write_bytes(Path(files[row]).read_bytes())
    made = artifact(tmp_path / "run").predict(copied)
    torch.testing.assert_close(
        torch.from_numpy(made.probabilities), fitted.test_outputs.double().softmax(1), rtol=0, atol=1e-6
    )
    assert set(made.values) <= {"cat", "dog"}
    assert made.columns()["file"].tolist() == [f"{row:02}.png" for row in data.test.tolist()]
