"""Which images a folder holds: one subfolder a class, or train/ and test/ with such subfolders each.

Links are followed only to what lies inside the folder. Hidden files are passed over.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shoal.errors import UserError
from shoal.tasks.image_files import ENDINGS, refuse_other

VALID = ("val", "valid", "validation")
PARTS = ("train", *VALID, "test")
_OF_A_SYSTEM = ("thumbs.db", "desktop.ini", "__macosx")


class Labeled(NamedTuple):
    """files: all images, part by part, class by class, by name. labels: the class number of each. classes:
    their names, sorted. first_test: where the official test part begins, or None."""

    files: tuple[Path, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    first_test: int | None


def labeled_images(folder: Path, test: Path | None = None) -> Labeled:
    """The images below ``folder`` with their classes. test: another folder, the official test part.

    Raises UserError, naming the place, for a class without an image, fewer than two classes, a file that is
    no image by its name, a folder inside a class, and a class that occurs in the test part only.
    """
    parts = parts_of(folder)
    if test is not None:
        if "test" in parts:
            raise UserError(f"{folder} has a test part of its own, {parts['test']}, so it takes no other")
        parts["test"] = test
    found = {
        part: _by_class(home, folder if part != "test" or test is None else test)
        for part, home in parts.items()
    }
    classes = sorted({name for part, one in found.items() if part != "test" for name in one})
    for name in found.get("test", {}):
        if name not in classes:
            raise UserError(
                f"class folder {parts['test'] / name} is in the test part only, so its class cannot be "
                "learned; remove it"
            )
    if len(classes) < 2:
        raise UserError(
            f"{folder} holds one class only, {classes[0]!r}; at least two are needed, a folder each"
        )
    files: list[Path] = []
    labels: list[int] = []
    first_test = None
    for part in (one for one in PARTS if one in found):
        if part == "test":
            first_test = len(files)
        for name, some in found[part].items():
            files += some
            labels += [classes.index(name)] * len(some)
    return Labeled(tuple(files), tuple(labels), tuple(classes), first_test)


def parts_of(folder: Path) -> dict[str, Path]:
    """Its parts by name (train, val, test), or the folder itself as the only one, ``train``."""
    names = [entry.name for entry in _entries(folder, folder) if entry.is_dir()]
    if "train" in names and set(names) <= set(PARTS):
        return {name: folder / name for name in PARTS if name in names}
    return {"train": folder}


def images_below(folder: Path) -> list[Path]:
    """All images in ``folder`` and the folders in it, by path. Raises UserError for any other file, for
    folders deeper than that, and where there is none."""
    found = _images(folder, folder, deeper=True)
    if not found:
        raise UserError(f"{folder} holds no image; {', '.join(ENDINGS)} are read")
    return found


def _by_class(home: Path, root: Path) -> dict[str, list[Path]]:
    entries = list(_entries(home, root))
    folders = [entry for entry in entries if entry.is_dir()]
    for entry in entries:
        if entry.suffix.lower() in ENDINGS:
            raise UserError(
                f"{entry} lies outside the class folders; put the images of each class into a folder of "
                f"{home} that is named after the class"
            )
    if not folders:
        raise UserError(
            f"{home} holds no class folders; put the images of each class into a folder of its own"
        )
    found = {}
    for one in folders:
        found[one.name] = _images(one, root, deeper=False)
        if not found[one.name]:
            raise UserError(f"class folder {one} holds no image; remove it, or put images into it")
    return found


def _images(folder: Path, root: Path, deeper: bool) -> list[Path]:
    found = []
    for entry in _entries(folder, root):
        if entry.is_dir() and deeper:
            found += _images(entry, root, deeper=False)
        elif entry.is_dir():
            raise UserError(f"{entry} is a folder among images; move its images one level up")
        elif entry.suffix.lower() in ENDINGS:
            found.append(entry)
        else:
            raise refuse_other(entry)
    return found


def _entries(folder: Path, root: Path) -> Iterator[Path]:
    """What lies in ``folder``, by name, but hidden files. Raises UserError for links that leave ``root``."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror}") from None
    for name in names:
        if name.startswith(".") or name.lower() in _OF_A_SYSTEM:
            continue
        entry = folder / name
        if entry.is_symlink() and not entry.resolve().is_relative_to(root.resolve()):
            raise UserError(
                f"{entry} is a link out of {root}, which is not followed; put the files there instead"
            )
        yield entry
