"""A task from a folder of text files: a folder for each class, perhaps below ``train`` and ``test``.

    reviews/pos/*.txt, reviews/neg/*.txt                      or, as in the archive of IMDB's reviews,
    reviews/train/pos/*.txt, ..., reviews/test/neg/*.txt

A folder below ``train`` that ``test`` lacks (unsup) is no class. What is no text file, or stands elsewhere,
is left out and told.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shoal.errors import UserError
from shoal.tasks.splits import TEST_SHARE, VALID_SHARE
from shoal.tasks.tables import Asked, task_of
from shoal.tasks.target import Target
from shoal.tasks.task import Task
from shoal.tasks.text_columns import listed, options_of
from shoal.tasks.text_files import ENDING, TEST, TRAIN, files_in, folders_in, read_files

TEXT, LABEL, GROUP = "text", "class", "group"  # columns of the table that the files make


class Found(NamedTuple):
    """files: of each class, by name. strange: how many files and folders are left out."""

    files: dict[str, list[Path]]
    strange: int


def from_text_folder(
    path: Path | str,
    *,
    test: Path | str | None = None,
    group: str | None = None,
    length: int | None = None,
) -> Task:
    """The task to tell the classes of texts, each in a file of its class's folder.

    test: a folder of the same classes, the official test part; the folder's own ``test``, if it has ``train``
    and ``test``. group: a regular expression found in every file's name; files where it (or the group in it)
    finds the same text stand on one side of every split. length: tokens of a row (see ``text_columns``).
    Raises UserError, which names the file or folder, for what cannot be learned from.
    """
    root = Path(path).expanduser()
    try:
        train, official = _parts(root, None if test is None else Path(test).expanduser())
        _check(root, train, official)
        return _task(root, train, official, group, length)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from None


def _task(root: Path, train: Found, official: Found | None, group: str | None, length: int | None) -> Task:
    import polars as pl

    parts = [train.files, *([] if official is None else [official.files])]
    classes = sorted(train.files)
    files = [file for part in parts for name in classes for file in part.get(name, [])]
    values = [place for part in parts for place, name in enumerate(classes) for _ in part.get(name, [])]
    table = pl.DataFrame(
        {
            TEXT: pl.Series(TEXT, list(read_files(files)), dtype=pl.String),
            LABEL: [classes[place] for place in values],
            **({} if group is None else {GROUP: _groups(files, group)}),
        }
    )
    first = sum(len(found) for found in train.files.values())
    notes = (
        f"classification of {len(files):,} texts into {len(classes)} classes, the folders {listed(classes)}",
        *_left_out(train, official),
    )
    decided = Target(
        LABEL,
        "classification",
        np.arange(len(files)),
        np.array(values, dtype=np.int64),
        tuple(classes),
        notes,
    )
    grouped = None if group is None else GROUP
    asked = Asked(LABEL, "classification", frozenset(), grouped, None, TEST_SHARE, VALID_SHARE)
    try:
        reading = options_of((TEXT,), length, (TEXT,))
        begins = None if official is None else first
        return task_of(root.resolve().name, table, decided, begins, frozenset(), asked, reading)
    except UserError as error:
        raise UserError(f"{root}: {error}") from None


def _parts(root: Path, test: Path | None) -> tuple[Found, Found | None]:
    """The classes, and those of the official test part if there is one."""
    inner = {home.name for home in folders_in(root)}
    if {TRAIN, TEST} <= inner:
        if test is not None:
            raise UserError(f"{root} has a folder {TEST} of its own, so it takes no other test part")
        train, official = _classes(root / TRAIN), _classes(root / TEST)
        kept = {name: files for name, files in train.files.items() if name in official.files}
        beside = sum(1 for one in root.iterdir() if one.name not in (TRAIN, TEST))
        return Found(kept, train.strange + len(train.files) - len(kept) + beside), official
    return _classes(root), None if test is None else _classes(test)


def _classes(folder: Path) -> Found:
    """The folders in ``folder`` and their files. Raises UserError for one without a text file."""
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}")
    files = {home.name: files_in(home) for home in folders_in(folder)}
    for name, found in files.items():
        if not found:
            raise UserError(
                f"{folder / name} is the folder of a class and holds no {ENDING} file; fill or remove it"
            )
    homes = [folder, *(folder / name for name in files)]
    taken = len(files) + sum(map(len, files.values()))
    return Found(files, sum(len(os.listdir(home)) for home in homes) - taken)


def _left_out(train: Found, official: Found | None) -> tuple[str, ...]:
    strange = train.strange + (0 if official is None else official.strange)
    if not strange:
        return ()
    which = "that are no" if official is None else f"that {TEST} lacks or that are no"
    return (f"left out, folders and files {which} {ENDING} files in the folder of a class: {strange:,}",)


def _check(root: Path, train: Found, official: Found | None) -> None:
    """Raise UserError unless there are two classes, and no others in the test part."""
    if len(train.files) < 2:
        there = (
            f"the folder of one class, {listed(list(train.files))}" if train.files else "no folder of a class"
        )
        raise UserError(f"{root} holds {there}; two classes are needed, each a folder of {ENDING} files")
    unseen = sorted(set(() if official is None else official.files) - set(train.files))
    if unseen:
        raise UserError(
            f"class {unseen[0]!r} is in the test part of {root} only, so it cannot be learned; remove its "
            "folder"
        )


def _groups(files: list[Path], pattern: str) -> list[str]:
    """A number for each text that ``pattern`` (its first group, if it has one) finds in the files' names."""
    try:
        find = re.compile(pattern)
    except re.error as error:
        raise UserError(f"group {pattern!r} is no regular expression: {error}") from None
    found: dict[str, int] = {}
    numbers = []
    for file in files:
        match = find.search(file.name)
        if match is None or not (text := match[1 if find.groups else 0]):
            raise UserError(
                f"group {pattern!r} finds nothing in the name of {file}; widen it, or remove the file"
            )
        numbers.append(str(found.setdefault(text, len(found))))
    return numbers
