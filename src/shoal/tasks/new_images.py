"""Images that come after training, as those that were learned from."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float32
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.archives import new_inputs
from shoal.tasks.image_arrays import channels_first, in_unit
from shoal.tasks.image_encoder import ImageEncoder
from shoal.tasks.image_files import ENDINGS
from shoal.tasks.image_folder import images_below
from shoal.tasks.image_size import words
from shoal.tasks.images import decode_into


class NewImages(NamedTuple):
    """x: in [0, 1]. notes: what was strange, a sentence each."""

    x: Float32[ndarray, "rows channels height width"]
    notes: tuple[str, ...]


def image_rows(source: Any, encoder: ImageEncoder) -> NewImages:
    """New images at the size and in the channels that ``encoder`` was fitted on, as in training.

    source: an image file, a folder of images (also in subfolders), an .npz with 8-bit images x (or x_test or
    test_images), or such an array, [rows, height, width], with channels last or first.
    Raises UserError, naming the file, for what cannot be read.
    """
    size, notes = (encoder.height, encoder.width), tuple[str, ...]()
    if _is_path(source):
        if encoder.channels not in (1, 3):
            raise UserError(
                f"the network learned from arrays of {encoder.channels} channels, so {source} must be .npz"
            )
        return NewImages(decode_into(_files(Path(source).expanduser()), encoder.channels, size), notes)
    where = "the array of new images"
    if isinstance(source, (str, Path)):
        where = str(source)
        name, source = new_inputs(Path(source).expanduser())
        notes = (f"the rows of {name} are predicted",) if name != "x" else ()
    try:
        x = channels_first(torch.as_tensor(source).detach().cpu().numpy())
        made = in_unit(x, size, encoder.channels)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{where} is no array of numbers ({error}); {', '.join(ENDINGS)} files are read, too"
        ) from None
    if x.shape[2:] != size:
        notes = (*notes, f"images of {words(x.shape[2:])} pixels became {words(size)}, as learned from")
    return NewImages(made, notes)


def file_names(source: Any) -> tuple[str, ...]:
    """The file of each new image, below the folder if one is given; nothing for arrays."""
    if not _is_path(source):
        return ()
    path = Path(source).expanduser()
    return tuple(str(one.relative_to(path)) if one != path else one.name for one in _files(path))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise UserError(f"there is no file {path}; name an image, a folder of images or an .npz file")
    return images_below(path) if path.is_dir() else [path]


def _is_path(source: Any) -> bool:
    """Whether these are image files, not arrays."""
    return isinstance(source, str | Path) and not str(source).endswith(".npz")
