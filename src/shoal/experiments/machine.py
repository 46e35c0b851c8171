"""What costs depend on beside the plan: processor, cores, memory, versions. Nothing names the owner."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

CHOICE = "machine"
"""The key under which a run's record holds it: the machine that began the run."""
_PACKAGES = ("shoal", "torch", "numpy", "scipy", "scikit-learn")


def describe(device: str) -> dict[str, Any]:
    """The machine as plain data: no host name, user, path or environment.

    memory_gib is None where the system does not tell it. device: of the networks.
    """
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": device,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo")
    if lines.exists():
        for line in lines.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError):  # Windows has no sysconf, others not these names
        return None
