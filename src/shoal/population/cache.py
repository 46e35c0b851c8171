"""A private cache of compiled code: only files this user wrote, whole and unaltered, are ever loaded.

The folder ($SHOAL_CACHE, else $XDG_CACHE_HOME/shoal, else ~/.cache/shoal) belongs to the user with mode
0700. A file is written beside its place, synced and renamed, together with its checksum.
"""

import functools
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from shoal.errors import UserError


def folder() -> Path:
    """The cache's folder, made if need be. Raises UserError where it is not the user's own."""
    named = os.environ.get("SHOAL_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(named) if named else home / "shoal"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = path.stat()
    except OSError as error:
        raise UserError(
            f"the cache folder {path} cannot be used ({error}): set SHOAL_CACHE to one that can"
        ) from None
    if hasattr(os, "getuid") and (seen.st_uid != os.getuid() or stat.S_IMODE(seen.st_mode) & 0o022):
        raise UserError(
            f"the cache folder {path} can be written by others, and compiled code is loaded from it: "
            f"set SHOAL_CACHE to a folder of your own with mode 0700"
        )
    return path


def find(name: str) -> Path | None:
    """The cached file, if it is there, is the user's own and has the checksum it was stored with."""
    path = folder() / name
    proof = path.with_name(name + ".sha256")
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None
        return path if proof.read_text() == _checksum(path) else None
    except OSError:
        return None


def put(name: str, source: Path) -> Path:
    """Stores the file at ``source`` under ``name``, whole or not at all."""
    path = folder() / name
    _write(path, source.read_bytes())
    _write(path.with_name(name + ".sha256"), _checksum(path).encode())
    return path


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@functools.cache
def compiler() -> str | None:
    """The C++ compiler's path, or None: eager programs are then the only ones."""
    if os.environ.get("SHOAL_COMPILE") == "0":
        return None
    return shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++")


@functools.cache
def machine() -> str:
    """All that compiled code depends on beside its source: torch, compiler and processor features."""
    import torch

    version = "none"
    if compiler():
        version = subprocess.run([compiler() or "", "--version"], capture_output=True, text=True).stdout
    features = torch.backends.cpu.get_cpu_capability()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        features += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return "\n".join([torch.__version__, version, platform.machine(), features])


def key(*parts: str) -> str:
    """A name for what is made from ``parts`` on this machine."""
    return hashlib.sha256("\0".join((machine(), *parts)).encode()).hexdigest()[:32]
