"""What a measured number depends on beside the code: processor, memory, versions, commit, load."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TELLING_FLAGS = (
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512_bf16",
    "avx512_vnni",
    "avx_vnni",
    "amx_tile",
    "asimd",
    "sve",
)
TELLING_VARIABLES = ("OMP_", "MKL_", "XLA_", "JAX_", "TORCH", "SHOAL_COMPILE", "CXX")


def describe(jax_python: str | None) -> dict[str, Any]:
    """The machine in JSON's types. jax_python: the interpreter that has jax, or None."""
    info = _processor()
    flags = set(info.get("flags", info.get("Features", "")).split())
    return {
        "cpu": info.get("model name", platform.processor() or "unknown"),
        "cores": cores(),
        "flags": [flag for flag in TELLING_FLAGS if flag in flags],
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.system() + " " + platform.release(),
        "python": platform.python_version(),
        "torch": _version("torch"),
        "jax": jax_version(jax_python),
        "compiler": _compiler(),
        "environment": {k: v for k, v in sorted(os.environ.items()) if k.startswith(TELLING_VARIABLES)},
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", "src", "benchmarks")),
        "load_average": os.getloadavg(),
    }


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def jax_version(python: str | None) -> str | None:
    """The version of jax that an interpreter has, or None if it has none."""
    if python is None:
        return None
    command = [python, "-c", "import jax; print(jax.__version__)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # there is no such program
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _processor() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    pairs = (line.partition(":") for line in path.read_text(errors="replace").split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _compiler() -> str | None:
    found = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++")
    if found is None:
        return None
    return subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.partition(
        "\n"
    )[0]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    if shutil.which("git") is None:
        return None
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
