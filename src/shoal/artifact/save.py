"""Writing an artifact: a folder that is there whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
import safetensors.torch
from torch import Tensor

from shoal.artifact.contents import Contents, text_of
from shoal.errors import UserError

DESCRIPTION = "artifact.json"
WEIGHTS = "weights.safetensors"
PREPROCESSING = "preprocessing.safetensors"
RECIPE = "recipe.toml"


def save(folder: Path, contents: Contents, weights: Mapping[str, Tensor], recipe_toml: str = "") -> None:
    """Write the artifact to ``folder``, which is new, empty or an artifact to be replaced.

    weights: parameters and buffers by name. recipe_toml: the recipe in the form of a recipe file.
    All is written and synced beside the folder and then renamed: whenever the process dies, the folder
    holds no artifact, the old one or the new one (while it is exchanged, for an instant, none).
    Raises UserError for a folder that holds anything else and for one that cannot be written.
    """
    check(folder)
    arrays = {name: np.asarray(one) for name, one in contents.preprocessing.describe()["arrays"].items()}
    files = {
        WEIGHTS: safetensors.torch.save({name: one.contiguous() for name, one in weights.items()}),
        PREPROCESSING: safetensors.numpy.save(arrays),
    }
    if recipe_toml:
        files[RECIPE] = recipe_toml.encode()
    stated = {name: {"bytes": len(data), "sha256": digest(data)} for name, data in files.items()}
    files[DESCRIPTION] = text_of(contents, stated).encode()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
        try:
            for name, data in files.items():
                _write(partial / name, data)
            partial.chmod(0o755)
            _sync(partial)
            _put_in_place(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        _sync(folder.parent)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}); choose another folder") from error


def check(folder: Path) -> None:
    """Raises UserError unless an artifact may be written to ``folder``: new, empty, or an artifact."""
    if folder.is_dir():
        if any(folder.iterdir()) and not (folder / DESCRIPTION).is_file():
            raise UserError(f"{folder} is not empty and holds no artifact; name a new or empty folder")
    elif folder.exists():
        raise UserError(f"{folder} is a file; name a folder")
    home = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be written, as {home} cannot; choose another folder")


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _put_in_place(partial: Path, folder: Path) -> None:
    """Rename ``partial`` to ``folder``; what is there moves aside first, as a full folder is not replaced."""
    if not folder.exists():
        partial.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".old", dir=folder.parent))
    folder.rename(old)
    try:
        partial.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write(file: Path, data: bytes) -> None:
    with open(file, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
