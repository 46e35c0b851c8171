"""One image file at a time: looked at, decoded within bounds, brought to a size and to gray or color.

PNG, JPEG and WebP are read, by Pillow, whatever a file's name ends in. Sizes are those the header states and
are checked before anything is decoded. Turned as the camera says (EXIF); of an animation the first picture;
transparent parts become white; palettes and CMYK become RGB; 16-bit gray keeps its 16 bits.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from shoal.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP")
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
MOST_FILE_BYTES = 64 * 2**20
MOST_PIXELS = 50_000_000
_GRAY = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N")
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)  # of EXIF: those that exchange width and height


class Look(NamedTuple):
    """What a file's header says. height, width: in pixels, as the picture is shown. gray: stored as gray."""

    height: int
    width: int
    gray: bool
    transparent: bool
    animated: bool


def look(file: Path) -> Look:
    """The header of an image. Raises UserError, one sentence, for what is no image or beyond the bounds."""
    with _opened(file) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION) in _TURNED:
            width, height = height, width
        return Look(
            height=height,
            width=width,
            gray=image.mode in _GRAY,
            transparent=_is_transparent(image),
            animated=getattr(image, "n_frames", 1) > 1,
        )


def pixels(file: Path, channels: int, height: int, width: int) -> Float32[ndarray, "channels height width"]:
    """The image in [0, 1], with 1 channel (gray) or 3 (red, green, blue), fitted to a size (see ``fitted``).

    Raises UserError, one sentence, for what cannot be decoded or is beyond the bounds.
    """
    from PIL import ImageOps

    with _opened(file) as image:
        twice = 2 * max(height, width)
        image.draft(image.mode, (twice, twice))  # of a large JPEG, only a coarser picture is decoded
        return as_numbers(ImageOps.exif_transpose(image), channels, height, width)


def as_numbers(
    image: "Image", channels: int, height: int, width: int
) -> Float32[ndarray, "channels height width"]:
    """An open image, whatever its mode, as numbers in [0, 1]."""
    made = fitted(_plain(image, channels), height, width)
    numbers = np.asarray(made, dtype=np.float32) / np.float32(255)
    if numbers.ndim == 2:
        return np.broadcast_to(numbers, (channels, *numbers.shape))
    return numbers.transpose(2, 0, 1)


def fitted(image: "Image", height: int, width: int) -> "Image":
    """The image at another size, its aspect kept: what is too long is cut off at both ends (center crop), and
    the rest is resized (bilinear, over all pixels that a new one covers)."""
    from PIL.Image import Resampling

    if image.size == (width, height):
        return image
    zoom = min(image.width / width, image.height / height)
    left, top = (image.width - zoom * width) / 2, (image.height - zoom * height) / 2
    box = (left, top, left + zoom * width, top + zoom * height)
    return image.resize((width, height), Resampling.BILINEAR, box=box)


def refuse_other(file: Path) -> UserError:
    """The sentence on a file that is no image by its name."""
    if file.suffix.lower() in (".dcm", ".dicom"):
        return _dicom(file)
    return UserError(
        f"{file} is no image by its name ({file.suffix or 'without an ending'}): {', '.join(ENDINGS)} are "
        "read; move it out of the folder, or convert it to .png"
    )


@contextmanager
def _opened(file: Path) -> "Iterator[Image]":
    """The image with its header read, within the bounds; errors of Pillow in it become sentences."""
    from PIL import Image

    try:
        size = file.stat().st_size
        if size > MOST_FILE_BYTES:
            raise UserError(
                f"{file} has {size:,} bytes; images of at most {MOST_FILE_BYTES:,} are read, so make it "
                "smaller, or leave it out"
            )
        with open(file, "rb") as stream:
            if stream.read(132)[128:] == b"DICM":
                raise _dicom(file)
            stream.seek(0)
            with Image.open(stream, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise _huge(file, f"{image.width:,}×{image.height:,}")
                yield image
    except UserError:
        raise
    except Image.DecompressionBombError:
        raise _huge(file, "far too many") from None
    except FileNotFoundError:
        raise UserError(f"there is no file {file}") from None
    except Image.UnidentifiedImageError:
        raise UserError(
            f"{file} is no PNG, JPEG or WebP image, whatever its name says; save it anew, or leave it out"
        ) from None
    except (OSError, SyntaxError, ValueError, LookupError, EOFError, OverflowError, struct.error) as error:
        raise UserError(
            f"{file} is damaged and cannot be decoded ({' '.join(str(error).split())[:100]}); replace it, or "
            "leave it out"
        ) from None


def _plain(image: "Image", channels: int) -> "Image":
    """The image in Pillow's mode L or F (gray) or RGB, white where it was transparent, values up to 255."""
    from PIL import Image

    if image.mode.startswith("I"):
        return Image.fromarray(np.asarray(image).astype(np.float32) / np.float32(257))
    if _is_transparent(image):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if channels == 3:
        return image.convert("RGB")
    return image.convert("L") if image.mode in _GRAY else image.convert("RGB").convert("L")


def _is_transparent(image: "Image") -> bool:
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _huge(file: Path, pixels: str) -> UserError:
    return UserError(
        f"{file} has {pixels} pixels; images of at most {MOST_PIXELS:,} are decoded, so make it smaller, or "
        "leave it out"
    )


def _dicom(file: Path) -> UserError:
    return UserError(
        f"{file} is DICOM, which is not read, since its gray values need a window that only you know: "
        "convert it to .png, for example with pydicom's apply_voi_lut and Pillow, or dcm2niix for volumes"
    )
