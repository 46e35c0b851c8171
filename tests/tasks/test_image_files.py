"""One image file: what it becomes, against numpy, and what is refused."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from shoal.errors import UserError
from shoal.tasks import image_files
from shoal.tasks.image_files import fitted, look, pixels, refuse_other

RANDOM = np.random.default_rng(5)
COLOR = RANDOM.integers(0, 256, (12, 20, 3), dtype=np.uint8)
GRAY = RANDOM.integers(0, 256, (12, 20), dtype=np.uint8)


def saved(folder, image, name="a.png", **options):
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize(("name", "options"), [("a.png", {}), ("a.webp", {"lossless": True})])
def test_pixels_are_the_bytes_over_255_with_the_channel_first(tmp_path, name, options):
    file = saved(tmp_path, COLOR, name, **options)
    assert look(file)[:3] == (12, 20, False)
    np.testing.assert_array_equal(pixels(file, 3, 12, 20), COLOR.transpose(2, 0, 1) / np.float32(255))


def test_a_jpeg_is_near_and_a_large_one_may_be_decoded_coarsely(tmp_path):
    ramp = np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1))
    file = saved(tmp_path, ramp, "a.jpg", quality=95)
    assert look(file)[:3] == (480, 640, True)
    np.testing.assert_allclose(pixels(file, 1, 480, 640)[0] * 255, ramp, atol=3)
    middle = pixels(file, 1, 24, 24)[0] * 255
    np.testing.assert_allclose(middle[7], np.linspace(35, 220, 24), atol=4)


def test_gray_in_color_is_three_times_the_same_and_color_in_gray_the_luma(tmp_path):
    made = pixels(saved(tmp_path, GRAY), 3, 12, 20)
    np.testing.assert_array_equal(made, np.stack([GRAY / np.float32(255)] * 3))
    luma = COLOR @ [0.299, 0.587, 0.114]  # ITU-R 601
    np.testing.assert_allclose(pixels(saved(tmp_path, COLOR), 1, 12, 20)[0] * 255, luma, atol=0.6)


def test_sixteen_bits_are_neither_clipped_nor_rounded_to_eight(tmp_path):
    deep = RANDOM.integers(0, 2**16, (6, 7), dtype=np.uint16)
    deep[0, :3] = 0, 1, 2**16 - 1
    file = saved(tmp_path, deep)
    assert look(file).gray
    np.testing.assert_allclose(pixels(file, 1, 6, 7)[0], deep / 65535, atol=1e-7)
    np.testing.assert_array_equal(pixels(file, 3, 6, 7), np.stack([pixels(file, 1, 6, 7)[0]] * 3))


def test_transparency_becomes_white_palettes_and_cmyk_become_rgb(tmp_path):
    clear = np.dstack([COLOR, np.zeros((12, 20), np.uint8)])
    clear[:, 10:, 3] = 255
    made = pixels(saved(tmp_path, clear), 3, 12, 20)
    assert (made[:, :, :10] == 1).all()
    np.testing.assert_array_equal(made[:, :, 10:], COLOR[:, 10:].transpose(2, 0, 1) / np.float32(255))
    few = (COLOR // 128) * 255
    palette = Image.fromarray(few).quantize(8)
    np.testing.assert_array_equal(
        pixels(saved(tmp_path, palette), 3, 12, 20), few.transpose(2, 0, 1) / np.float32(255)
    )
    flat = Image.new("CMYK", (20, 12), (0, 255, 255, 0))  # red
    made = pixels(saved(tmp_path, flat, "a.jpg", quality=100), 3, 12, 20)
    np.testing.assert_allclose(made.mean((1, 2)), [1, 0, 0], atol=0.02)


def test_the_camera_says_which_way_is_up_and_of_animations_the_first_picture_counts(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    file = saved(tmp_path, COLOR, exif=exif)
    assert look(file)[:2] == (20, 12)
    turned = np.rot90(COLOR, -1).transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_array_equal(pixels(file, 3, 20, 12), turned)
    frames = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    file = saved(tmp_path, frames[0], "b.png", save_all=True, append_images=frames[1:])
    assert look(file).animated and not look(saved(tmp_path, GRAY)).animated
    np.testing.assert_array_equal(pixels(file, 1, 12, 20)[0], GRAY / np.float32(255))


@pytest.mark.parametrize(("height", "width"), [(6, 10), (6, 6), (12, 4), (24, 40)])
def test_another_size_keeps_the_aspect_and_cuts_both_ends(height, width):
    """Columns count from left to right, so that each new pixel tells which ones it was made of."""
    image = Image.fromarray(np.tile(np.arange(20, dtype=np.float32), (12, 1)))
    made = np.asarray(fitted(image, height, width))
    zoom = min(12 / height, 20 / width)
    middle = (20 - zoom * width) / 2 + zoom * (np.arange(width) + 0.5) - 0.5
    inside = slice(2, -2) if zoom < 1 else slice(None)  # bilinear weights end at the border
    np.testing.assert_allclose(made[height // 2][inside][1:-1], middle[inside][1:-1], atol=0.02)


def refused(file, *words):
    with pytest.raises(UserError) as caught:
        look(file)
        pixels(file, 1, 4, 4)
    said = str(caught.value)
    assert str(file) in said and "\n" not in said and all(word in said for word in words), said


def test_what_is_no_image_is_refused_by_name(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    refused(tmp_path / "a.png", "is no PNG, JPEG or WebP image, whatever its name says")
    (tmp_path / "b.png").write_bytes(b"")
    refused(tmp_path / "b.png", "is no PNG")
    Image.fromarray(GRAY).save(tmp_path / "c.png", format="GIF")
    refused(tmp_path / "c.png", "is no PNG")
    refused(tmp_path / "none.png", "there is no file")


@pytest.mark.parametrize("end", [".png", ".jpg", ".webp"])
def test_a_damaged_image_is_refused_by_name(tmp_path, end):
    file = saved(tmp_path, RANDOM.integers(0, 256, (64, 64), dtype=np.uint8), f"a{end}")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    refused(file, "leave it out")


def test_dicom_is_refused_with_a_way_out(tmp_path):
    (tmp_path / "a.png").write_bytes(bytes(128) + b"DICM" + bytes(64))
    refused(tmp_path / "a.png", "is DICOM", "convert it to .png", "pydicom", "dcm2niix")
    assert "is DICOM" in str(refuse_other(tmp_path / "b.dcm"))
    assert "is no image by its name (.txt)" in str(refuse_other(tmp_path / "b.txt"))


def test_sizes_are_known_before_anything_is_decoded(tmp_path, monkeypatch):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side, said in ((7_100, "7,100×7,100"), (60_000, "far too many")):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")))
        refused(tmp_path / "a.png", said, "at most 50,000,000 are decoded")
    monkeypatch.setattr(image_files, "MOST_FILE_BYTES", 100)
    refused(saved(tmp_path, GRAY, "b.png"), "images of at most 100 are read")
