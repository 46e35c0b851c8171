"""Results folders: where a run's record goes, whether it is resumed, and which runs there are."""

import itertools
import re
import tempfile
import time
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from shoal.errors import UserError, unknown
from shoal.store.atomic import sync_folder
from shoal.store.record import Record
from shoal.store.schema import RECORD_NAME

RUNS = Path("shoal-results")
"""The folder of all runs that were given no folder of their own, in the current folder."""

Resume = Literal["auto", "must", "never"]


class Run(NamedTuple):
    """A results folder as ``shoal list runs`` shows it.

    started_at: when the plan was written, seconds since 1970; None before. outcomes: networks finished.
    active: a process is at work on it. problem: why it cannot be read, or "".
    """

    folder: Path
    plan: Any | None
    started_at: float | None
    outcomes: int
    finished: bool
    active: bool
    problem: str


def results_folder(out: Path | None, resume: Resume, task: str, axis: str) -> Path:
    """The folder to write to; it exists and is writable afterwards.

    out: the user's choice, or None: a new ``shoal-results/<date-time>_<task>_<axis>`` or, if ``resume``
    is "must", the latest run there. resume: "auto" continues what the folder holds, if it holds a run;
    "must" wants one there; "never" wants none. UserError if that is not so, for a folder that holds
    anything else, and for one that cannot be written.
    """
    if resume not in get_args(Resume):
        raise unknown("way to resume", resume, get_args(Resume))
    if out is None:
        return latest_run(RUNS) if resume == "must" else _new_folder(RUNS, task, axis)
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file; name a folder")
    if is_results_folder(out):
        if resume == "never":
            raise UserError(f"--out {out} holds a run already; name a new folder, or allow --resume auto")
    elif resume == "must":
        raise UserError(f"--resume must: there is no run in {out} to resume; check --out")
    elif out.is_dir() and any(out.iterdir()):
        raise UserError(f"--out {out} is not empty and no shoal results folder; name a new or empty one")
    _make(out)
    return out


def is_results_folder(folder: Path) -> bool:
    """Whether ``folder`` holds a record, of whatever state."""
    return (folder / RECORD_NAME).is_file()


def list_runs(root: Path = RUNS) -> list[Run]:
    """All runs in the folders of ``root``, the oldest first. Damaged ones are listed with their problem."""
    if not root.is_dir():
        return []
    runs = [_look(folder) for folder in sorted(root.iterdir()) if is_results_folder(folder)]
    return sorted(runs, key=lambda run: (run.started_at or 0.0, run.folder.name))


def latest_run(root: Path = RUNS) -> Path:
    """The folder of the run begun last (readable, with a plan); UserError if there is none."""
    runs = [run for run in list_runs(root) if run.started_at is not None]
    if not runs:
        raise UserError(f"there is no run in {root}/ yet; start one with: shoal compare TASK --vary AXIS")
    return runs[-1].folder


def _look(folder: Path) -> Run:
    try:
        with Record(folder, write=False) as record:
            outcomes = record.finished()
            finished, active = record.verdict() is not None, record.active()
            return Run(folder, record.plan(), record.started_at(), outcomes, finished, active, "")
    except UserError as error:
        return Run(folder, None, None, 0, False, False, str(error))


def _new_folder(root: Path, task: str, axis: str) -> Path:
    _make(root)
    name = f"{time.strftime('%Y-%m-%d_%H-%M-%S')}_{slug(task)}_{slug(axis)}"
    for number in itertools.count(1):
        folder = root / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(folder, error) from error
        sync_folder(root)
        return folder
    raise AssertionError("unreachable: there are more numbers than folders")


def slug(text: str) -> str:
    """A part of a folder's name: of a path its stem; anything but letters, digits, . and - becomes -."""
    stem = Path(text).stem if "/" in text or "\\" in text else text
    return re.sub(r"[^A-Za-z0-9.]+", "-", stem).strip("-.")[:40] or "run"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Trying is the only sure way: permissions do not tell of read-only disks and quotas.
        with tempfile.TemporaryFile(dir=folder):
            pass
        sync_folder(folder.parent)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(f"{folder} is not writable ({error.strerror}); name another folder with --out")
