"""What a folder holds that is no text: IDX files, CIFAR, or images by class."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shoal.errors import UserError

if TYPE_CHECKING:
    from shoal.tasks.task import Task


def from_folder(
    folder: Path,
    *,
    image_size: int | None = None,
    group: str | None = None,
    test: str | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> "Task":
    """The task of a folder of images (see ``from_image_folder``, ``from_idx`` and ``from_cifar``).

    Raises UserError for options that data in one file do not take.
    """
    from shoal.tasks.cifar import from_cifar, is_cifar
    from shoal.tasks.idx import from_idx, is_images
    from shoal.tasks.images import from_image_folder

    idx = any(is_images(one.name) for one in folder.iterdir())
    if not idx and not is_cifar(folder):
        return from_image_folder(
            folder, image_size=image_size, group=group, test=test, on_progress=on_progress
        )
    for name, value in (("group", group), ("test", test)):
        if value is not None:
            raise UserError(f"{folder} holds {'IDX files' if idx else 'CIFAR'}, which take no {name}")
    return (from_idx if idx else from_cifar)(folder, image_size=image_size)
