"""Images in one file: arrays, IDX and CIFAR, made here byte by byte."""

import gzip
import struct

import numpy as np
import pytest
import torch

from shoal.errors import UserError
from shoal.tasks import bounded
from shoal.tasks.bounded import read_bytes
from shoal.tasks.idx import read_idx
from shoal.tasks.image_arrays import channels_first
from shoal.tasks.load import load
from shoal.tasks.preprocessing import encode, preprocessing

RANDOM = np.random.default_rng(4)
GRAY = RANDOM.integers(0, 256, (60, 5, 7), dtype=np.uint8)
COLOR = RANDOM.integers(0, 256, (60, 6, 5, 3), dtype=np.uint8)
LABELS = np.arange(60) % 3


def standardized(x, rows):
    """Each channel of [rows, channels, height, width] by mean and deviation over ``rows``."""
    x = x / 255
    return (x - x[rows].mean((0, 2, 3), keepdims=True)) / x[rows].std((0, 2, 3), keepdims=True)


@pytest.mark.parametrize("shape", ["gray", "one", "last", "first"])
def test_eight_bit_arrays_are_images_wherever_the_channel_is(tmp_path, shape):
    x = {"gray": GRAY, "one": GRAY[..., None], "last": COLOR, "first": COLOR.transpose(0, 3, 1, 2)}[shape]
    np.savez(tmp_path / "a.npz", x=x, y=LABELS)
    task = load(str(tmp_path / "a.npz"))
    first = GRAY[:, None] if shape in ("gray", "one") else COLOR.transpose(0, 3, 1, 2)
    data = task.prepare(0)
    assert task.features == first.shape[1:] and task.inputs == "image" and data.x is task.prepare(1).x
    rest = np.setdiff1d(np.arange(60), data.test.numpy())
    np.testing.assert_allclose(data.x, standardized(first, rest), atol=1e-5)
    assert torch.equal(encode(task, x[:9], 0).x, data.x[:9])


def test_other_arrays_stay_what_they_are(tmp_path):
    for x in (GRAY / 255, GRAY.reshape(60, 35)):
        np.savez(tmp_path / "a.npz", x=x, y=LABELS)
        task = load(str(tmp_path / "a.npz"))
        np.testing.assert_array_equal(task.prepare(0).x, x.astype(np.float32))
        with pytest.raises(UserError, match=r"a.npz: its inputs are no 8-bit images"):
            load(str(tmp_path / "a.npz"), image_size=8)


NAMES = {
    "keras": ("x_train", "y_train", "x_test", "y_test"),
    "medmnist": ("train_images", "train_labels", "test_images", "test_labels"),
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("valid", [False, True])
def test_official_parts_by_their_usual_names(tmp_path, names, valid):
    column = LABELS[:, None].astype(np.uint8) if "train_labels" in names else LABELS
    parts = dict(zip(names, (GRAY[:40], column[:40], GRAY[50:], column[50:]), strict=True))
    if valid:
        kind = ("val_images", "val_labels") if "train_labels" in names else ("x_val", "y_val")
        parts |= dict(zip(kind, (GRAY[40:50], column[40:50]), strict=True))
    np.savez(tmp_path / "a.npz", **parts)
    task = load(str(tmp_path / "a.npz"))
    data, rows = task.prepare(0), 50 if valid else 40
    assert data.test.tolist() == list(range(rows, rows + 10))
    assert len(data.train) + len(data.valid) == rows
    assert any("validation part is joined" in note for note in task.notes) == valid
    kept = GRAY if valid else np.delete(GRAY, range(40, 50), 0)
    np.testing.assert_allclose(data.x, standardized(kept[:, None], np.arange(rows)), atol=1e-5)
    made = encode(task, str(tmp_path / "a.npz"), 0)
    assert torch.equal(made.x, data.x[rows:])
    assert made.notes == (f"the rows of {names[2]} are predicted",)
    with pytest.raises(UserError, match="has a test part of its own"):
        load(str(tmp_path / "a.npz"), test=str(tmp_path / "a.npz"))


def test_floats_by_the_usual_names_have_their_official_parts_too(tmp_path):
    x = RANDOM.normal(size=(60, 4))
    np.savez(tmp_path / "a.npz", x_train=x[:40], y_train=LABELS[:40], x_test=x[40:], y_test=LABELS[40:])
    assert load(str(tmp_path / "a.npz")).prepare(0).test.tolist() == list(range(40, 60))


def test_numbers_may_be_predicted_from_images_and_labels_may_begin_anywhere(tmp_path):
    np.savez(tmp_path / "a.npz", x=GRAY, y=GRAY.mean((1, 2)))
    task = load(str(tmp_path / "a.npz"))
    assert (task.kind, task.metric, task.outputs) == ("regression", "rmse", 1)
    assert float(task.prepare(0).y[task.prepare(0).train].std(correction=0)) == pytest.approx(1, abs=1e-5)
    np.savez(tmp_path / "a.npz", x=GRAY, y=LABELS * 2 + 1)
    task = load(str(tmp_path / "a.npz"))
    assert task.outputs == 3 and preprocessing(task, 0).classes == ("1", "3", "5")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": GRAY, "y": LABELS[:9]}, "there are 60 images and 9 labels"),
        ({"x": GRAY, "y": LABELS * 0}, "all labels are 0"),
        ({"x": GRAY, "y": np.eye(60, dtype=int)}, "several for each image"),
        (
            {"images": GRAY},
            "needs arrays x and y, or x_train and y_train, or train_images and .*; it has images",
        ),
        (
            {"x_train": GRAY, "y_train": LABELS, "x_test": GRAY[:, 1:], "y_test": LABELS},
            r"images have shape \[1, 5, 7\] and, in another part, \[1, 4, 7\]",
        ),
        (
            {"x_train": GRAY, "y_train": LABELS % 2, "x_test": GRAY, "y_test": LABELS},
            "class 2 is in the test part only",
        ),
    ],
)
def test_wrong_archives_are_one_sentence(tmp_path, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match=f"a.npz.*{said}"):
        load(str(tmp_path / "a.npz"))


def test_new_arrays_of_another_kind(tmp_path):
    np.savez(tmp_path / "a.npz", x=GRAY, y=LABELS)
    task = load(str(tmp_path / "a.npz"), image_size=4)
    assert task.features == (1, 4, 4)
    made = encode(task, GRAY, 0)
    assert torch.equal(made.x, task.prepare(0).x) and "became 4×4" in made.notes[0]
    assert encode(task, COLOR, 0).x.shape == (60, 1, 4, 4)
    with pytest.raises(
        UserError, match=r"the array of new images: images have shape \[60, 5, 7\] \(float64\)"
    ):
        encode(task, GRAY / 255, 0)
    with pytest.raises(UserError, match=r"8-bit ones"):
        channels_first(GRAY[0])


def idx(array):
    return (
        struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    )


@pytest.fixture
def mnist(tmp_path):
    """Training images and labels, plain; test images packed and labels plain."""
    home = tmp_path / "mnist"
    home.mkdir()
    (home / "train-images-idx3-ubyte").write_bytes(idx(GRAY[:40]))
    (home / "train-labels-idx1-ubyte").write_bytes(idx(LABELS[:40].astype(np.uint8)))
    (home / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(GRAY[40:])))
    (home / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[40:].astype(np.uint8)))
    return home


def test_idx_files_are_found_by_each_others_names(mnist):
    for path in (mnist, mnist / "train-images-idx3-ubyte"):
        task = load(str(path))
        data = task.prepare(0)
        assert data.test.tolist() == list(range(40, 60)) and data.y.tolist() == LABELS.tolist()
        np.testing.assert_allclose(data.x, standardized(GRAY[:, None], np.arange(40)), atol=1e-5)
    assert load(mnist).name == "mnist" and load(mnist, image_size=4).features == (1, 4, 4)
    alone = load(mnist / "t10k-images-idx3-ubyte.gz").prepare(0)
    assert len(alone.x) == 20
    for name in ("images-idx3", "labels-idx1"):  # another set beside it: which one is not guessed
        (mnist / f"letters-train-{name}-ubyte").write_bytes((mnist / f"train-{name}-ubyte").read_bytes())
    assert load(mnist / "letters-train-images-idx3-ubyte").name == "letters"
    with pytest.raises(UserError, match=r"several sets of IDX images \(letters-train-images.*name one"):
        load(mnist)


def test_wrong_idx_files_are_one_sentence(mnist, monkeypatch):
    images, labels = mnist / "train-images-idx3-ubyte", mnist / "train-labels-idx1-ubyte"
    whole = images.read_bytes()
    for data, said in (
        (whole[:-1], r"states 40 × 5 × 7 bytes and has 1,399"),
        (whole + b"x", r"has 1,401"),
        (whole[:9], r"ends within its header"),
        (
            labels.read_bytes(),
            r"begins with 00 00 08 01, and an IDX file of bytes in 3 axes with 00 00 08 03",
        ),
        (b"", r"begins with"),
    ):
        images.write_bytes(data)
        with pytest.raises(UserError, match=rf"train-images-idx3-ubyte.* {said}"):
            load(mnist)
    images.write_bytes(whole)
    with pytest.raises(UserError, match="holds IDX files, which take no group"):
        load(mnist, group="p")
    packed = mnist / "t10k-images-idx3-ubyte.gz"
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"t10k-images-idx3-ubyte.gz cannot be read"):
        load(mnist)
    labels.unlink()
    with pytest.raises(UserError, match=r"no labels beside .*; put train-labels-idx1-ubyte into"):
        load(mnist)


def test_no_more_is_unpacked_than_the_bound(tmp_path, monkeypatch):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(10**6)))
    with pytest.raises(UserError, match=r"bomb.gz holds more than 1,000 bytes"):
        read_bytes(tmp_path / "bomb.gz", 1000)
    assert len(read_bytes(tmp_path / "bomb.gz")) == 10**6 < bounded.MOST_BYTES
    with pytest.raises(UserError, match="there is no file"):
        read_idx(tmp_path / "none", 1)


def cifar(home, files, labels):
    """Records with that many labels, 20 a file; the pixels of all and the last label of each."""
    home.mkdir()
    pixels = RANDOM.integers(0, 256, (20 * len(files), 3072), dtype=np.uint8)
    known = np.column_stack([np.full(len(pixels), 9)] * (labels - 1) + [np.arange(len(pixels)) % 4])
    records = np.column_stack([known.astype(np.uint8), pixels])
    for number, name in enumerate(files):
        (home / name).write_bytes(records[20 * number : 20 * number + 20].tobytes())
    return pixels.reshape(-1, 3, 32, 32), known[:, -1]


def test_cifar_10_and_100(tmp_path):
    ten, hundred = tmp_path / "ten", tmp_path / "hundred"
    x, y = cifar(ten, ["data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"], 1)
    (ten / "batches.meta.txt").write_text("cat\ndog\nfox\nowl\nrat\n\n")
    task = load(ten)
    data = task.prepare(0)
    assert data.test.tolist() == list(range(40, 60)) and data.y.tolist() == y.tolist()
    assert task.prepare.classes == ("cat", "dog", "fox", "owl")  # type: ignore[attr-defined]
    np.testing.assert_allclose(data.x, standardized(x, np.arange(40)), atol=1e-5)
    x, y = cifar(hundred, ["train.bin", "test.bin"], 2)
    data = load(hundred).prepare(0)
    assert data.test.tolist() == list(range(20, 40)) and data.y.tolist() == y.tolist()
    np.testing.assert_allclose(data.x, standardized(x, np.arange(20)), atol=1e-5)
    (ten / "data_batch_2.bin").write_bytes(bytes(3073) + b"\x0a" + bytes(3072))
    with pytest.raises(UserError, match=r"data_batch_2.bin has a label 10, and those of CIFAR end at 9"):
        load(ten)
    (ten / "data_batch_2.bin").write_bytes(b"x" * 3072)
    with pytest.raises(UserError, match=r"data_batch_2.bin has 3,072 bytes, which is no whole number"):
        load(ten)
    for name in ("data_batch_1.bin", "data_batch_2.bin"):
        (ten / name).rename(ten / name.removesuffix(".bin"))
    with pytest.raises(UserError, match=r"as Python pickles, .*; fetch the binary version"):
        load(ten)
